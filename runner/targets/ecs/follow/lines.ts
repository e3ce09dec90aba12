import type { Service } from "@aws-sdk/client-ecs";
import type { TargetContext } from "../../target.ts";
import type { EcsApplied } from "../apply.ts";
import { revisionName } from "../state.ts";

/** A line to report about a deployment. */
export type Line =
  | { readonly kind: "log" | "progress"; readonly text: string }
  /** Tasks keep stopping, and ECS does not stop the deployment; with the newest reason. */
  | { readonly kind: "keeps failing"; readonly why: string };

/** What the run has reported: it reports each thing once. */
export interface Told {
  /** Ids of the service's events. */
  readonly events: ReadonlySet<string>;
  /** Lines that stay true for many looks, and texts of the newest events, oldest first. */
  readonly lines: readonly string[];
  readonly lastEvents: readonly string[];
  readonly progress: string;
  readonly keepsFailing: boolean;
}

export function nothingTold({ seenEvents }: Pick<EcsApplied, "seenEvents">): Told {
  return { events: new Set(seenEvents), lines: [], lastEvents: [], progress: "", keepsFailing: false };
}

/** The service's events that are new, oldest first. */
export function tellEvents(told: Told, { events = [] }: Service): { told: Told; say: Line[] } {
  const fresh = events.filter(({ id }) => id !== undefined && !told.events.has(id)).toReversed();
  const texts = fresh.map(({ message = "" }) => message);
  return {
    told: {
      ...told,
      events: new Set([...told.events, ...fresh.flatMap(({ id }) => id ?? [])]),
      lastEvents: [...told.lastEvents, ...texts].slice(-3),
    },
    say: texts.map((text) => ({ kind: "log", text })),
  };
}

/** The lines that are new; a progress line only if it differs from the last. */
export function tell(told: Told, lines: readonly (Line & { once?: boolean })[]): { told: Told; say: Line[] } {
  const say: Line[] = [];
  let now = told;
  for (const { once = false, ...line } of lines) {
    if (line.kind === "progress") {
      if (line.text === now.progress) continue;
      now = { ...now, progress: line.text };
    } else if (line.kind === "keeps failing") {
      if (now.keepsFailing) continue;
      now = { ...now, keepsFailing: true };
    } else if (once) {
      if (now.lines.includes(line.text)) continue;
      now = { ...now, lines: [...now.lines, line.text] };
    }
    say.push(line);
  }
  return { told: now, say };
}

/** Emits a line as an event of the target's step. */
export function emitLine(
  { emit, step: id }: Pick<TargetContext, "emit" | "step">,
  applied: Pick<EcsApplied, "service" | "revisionArn">,
  line: Line,
): void {
  switch (line.kind) {
    case "log":
      emit({ kind: "step-log", id, line: line.text });
      break;
    case "progress":
      emit({ kind: "step-progress", id, message: line.text });
      break;
    case "keeps failing":
      emit({
        kind: "warning",
        code: "tasks-keep-failing",
        message: `tasks of ${revisionName(applied.revisionArn)} (${applied.service}) keep stopping${line.why}`,
        fix: "turn on the service's deployment circuit breaker: ECS then stops such a deployment",
      });
  }
}
