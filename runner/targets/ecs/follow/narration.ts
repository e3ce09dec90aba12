import type { Service } from "@aws-sdk/client-ecs";
import type { TargetContext } from "../../target.ts";
import type { EcsApplied } from "../apply.ts";
import { revisionName } from "../state.ts";

/** Says what is new about a service, each thing once. */
export function createTeller({ emit, step }: TargetContext, applied: EcsApplied) {
  const seen = new Set(applied.seenEvents);
  const told: string[] = [];
  const said = new Set<string>();
  let progress = "";
  let warned = false;
  const log = (line: string) => emit({ kind: "step-log", id: step, line });
  return {
    log,
    events(service: Service) {
      const fresh = (service.events ?? []).filter((event) => event.id !== undefined && !seen.has(event.id));
      for (const event of fresh.toReversed()) {
        seen.add(event.id ?? "");
        told.push(event.message ?? "");
        log(event.message ?? "");
      }
    },
    /** Says a line that stays true for many looks. */
    once(line: string) {
      if (said.has(line)) return;
      said.add(line);
      log(line);
    },
    lastEvents: () => told.slice(-3),
    progress(message: string) {
      if (message === progress) return;
      progress = message;
      emit({ kind: "step-progress", id: step, message });
    },
    keepsFailing(why: string) {
      if (warned) return;
      warned = true;
      emit({
        kind: "warning",
        code: "tasks-keep-failing",
        message: `tasks of ${revisionName(applied.revisionArn)} (${applied.service}) keep stopping${why}`,
        fix: "turn the service's deployment circuit breaker on, so that ECS gives such a version up",
      });
    },
  };
}
