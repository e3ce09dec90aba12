import type { Service } from "@aws-sdk/client-ecs";
import { firstLine } from "../../../../config/problems/first-line.ts";
import { hasCode } from "../../../aws/errors.ts";
import type { Image } from "../../../registry/image.ts";
import type { Gate } from "../../gate.ts";
import type { Clock } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";
import { listTasks, type TaskQuery } from "../tasks/tasks.ts";
import { createProof } from "./running-digests.ts";
import { judgeTargetHealth, readTargetHealth } from "./target-health.ts";

/** Whether a deployment that ECS calls complete is one. */
export type Acceptance =
  /** Not decided yet. */
  | { readonly kind: "open"; readonly waiting: readonly string[] }
  | { readonly kind: "accepted"; readonly note: string; readonly gates: readonly Gate[] }
  | { readonly kind: "wrong image"; readonly tasks: readonly string[] }
  | { readonly kind: "tasks keep stopping" };

export interface AcceptanceOptions {
  readonly context: TargetContext;
  readonly clock: Clock;
  /** Container → image that its tasks must run; undefined to go by the revision only. */
  readonly images: Readonly<Record<string, Image>> | undefined;
  /** Whether to ask the service's target groups as well. */
  readonly targetHealth: boolean;
}

/**
 * Looks behind a deployment's state: at the digests that its tasks run, and at their health in load
 * balancers.
 *
 * @returns a look to repeat while it is open
 */
export function createAcceptance(
  query: TaskQuery,
  { context, clock, images, targetHealth }: AcceptanceOptions,
): (service: Service, desired: number) => Promise<Acceptance> {
  const { clients, signal, emit, step } = context;
  const prove = images && createProof(clients, query, images, clock);
  let notChecked: string | undefined;

  const unhealthy = async (service: Service): Promise<readonly string[]> => {
    if (!targetHealth || notChecked !== undefined || (service.loadBalancers ?? []).length === 0) return [];
    try {
      const tasks = await listTasks(clients, query, "RUNNING", signal);
      const verdict = judgeTargetHealth(await readTargetHealth(clients, service, tasks, signal));
      if (verdict.waiting.length > 0) {
        const message = `${verdict.healthy} of ${verdict.wanted} healthy in their target groups`;
        emit({ kind: "step-progress", id: step, message });
      }
      return verdict.waiting;
    } catch (error) {
      signal.throwIfAborted();
      // ECS watches the load balancer itself. If AWS denies Slipway the call, that is not the version's fault.
      if (!(error instanceof Error) || hasCode(error, "unreachable", "throttled", "no-credentials"))
        throw error;
      notChecked = firstLine(error);
      emit({ kind: "step-log", id: step, line: `target health was not checked: ${notChecked}` });
      return [];
    }
  };

  const healthGates = (service: Service): Gate[] => {
    if (!targetHealth || (service.loadBalancers ?? []).length === 0) return [];
    const gate = "target health" as const;
    if (notChecked !== undefined) return [{ gate, verdict: "not checked", message: notChecked }];
    return [{ gate, verdict: "passed" }];
  };

  return async (service, desired) => {
    const proof = await prove?.(desired, signal);
    if (proof?.kind === "wrong image" || proof?.kind === "tasks keep stopping") return proof;
    if (proof?.kind === "open") return { kind: "open", waiting: [] };
    const waiting = await unhealthy(service);
    if (waiting.length > 0) return { kind: "open", waiting };
    const tasks: Gate = {
      gate: "tasks",
      verdict: "passed",
      message: `${desired} ${desired === 1 ? "runs" : "run"} the image${proof?.note ?? ""}`,
    };
    return {
      kind: "accepted",
      note: proof?.note ?? "",
      gates: [...(proof === undefined ? [] : [tasks]), ...healthGates(service)],
    };
  };
}
