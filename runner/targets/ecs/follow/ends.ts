import type { Gate } from "../../gate.ts";
import { alarmGates } from "../alarms.ts";
import type { EcsApplied } from "../apply.ts";
import { nameOf, primaryOf, revisionName } from "../state.ts";
import type { Acceptance } from "./acceptance.ts";
import { failureCount, failureLimit } from "./progress.ts";
import type { FollowState } from "./state.ts";
import { findDeployment } from "./verdict.ts";

/** How a deployment ended. */
export interface DeploymentEnd {
  readonly outcome: "done" | "failed" | "rolled back" | "cancelled";
  readonly message: string;
  readonly evidence: readonly string[];
  /** Revision that the service is now set to, if known. */
  readonly revisionArn: string | undefined;
  readonly runningCount: number | undefined;
  /** The gates that decided it: the tasks themselves, their target groups, alarms. */
  readonly gates: readonly Gate[];
}

/** An end, with what the last look showed of the service. */
export function ended(
  { last }: Pick<FollowState, "last">,
  outcome: DeploymentEnd["outcome"],
  message: string,
  evidence: readonly string[] = [],
  gates: readonly Gate[] = [],
): DeploymentEnd {
  const primary = last === undefined ? undefined : primaryOf(last.service);
  return {
    outcome,
    message,
    evidence,
    revisionArn: primary?.taskDefinition,
    runningCount: primary?.runningCount,
    gates: [...gates, ...(last === undefined ? [] : alarmGates(last.service, last.ours, outcome))],
  };
}

/** The end of a deployment that ECS calls complete, from what its tasks run. */
export function acceptedEnd(
  state: FollowState,
  { revisionArn }: EcsApplied,
  acceptance: Exclude<Acceptance, { kind: "open" }>,
  desired: number,
  evidence: readonly string[],
): DeploymentEnd {
  const name = revisionName(revisionArn);
  const gate = "tasks" as const;
  switch (acceptance.kind) {
    case "accepted": {
      const message = `${name} runs (${desired} of ${desired})${acceptance.note}`;
      return ended(state, "done", message, [], acceptance.gates);
    }
    case "wrong image":
      return ended(state, "failed", `${name} does not run the image that was pushed`, acceptance.tasks, [
        { gate, verdict: "failed", message: "other images run" },
      ]);
    case "tasks keep stopping":
      return ended(
        state,
        "failed",
        `ECS reports ${name} as complete, but its tasks keep stopping`,
        evidence,
        [{ gate, verdict: "failed", message: "they keep stopping" }],
      );
  }
}

/** The end of a deployment that failed, rolled back or not. */
export function failedEnd(
  state: FollowState,
  { revisionArn }: EcsApplied,
  rolledBack: boolean,
  note = "",
): DeploymentEnd {
  const { last, failure } = state;
  const now = revisionName(last === undefined ? undefined : primaryOf(last.service)?.taskDefinition);
  const ours = revisionName(revisionArn);
  const message = rolledBack
    ? `${ours} failed, and ECS rolled back to ${now}: ${failure?.reason}`
    : `${ours} failed${note}: ${failure?.reason}`;
  return ended(state, rolledBack ? "rolled back" : "failed", message, failure?.evidence);
}

/**
 * The end of a deployment whose time is up.
 *
 * @param waitedSeconds since it was started
 * @param evidence read only when it has not failed before
 */
export function timedOutEnd(
  state: FollowState,
  applied: EcsApplied,
  waitedSeconds: number,
  evidence: readonly string[],
): DeploymentEnd {
  const waited = `after ${Math.round(waitedSeconds)} s`;
  const { failure, last, unhealthy, told } = state;
  if (failure !== undefined) {
    return failedEnd(state, applied, false, `, and its rollback was not complete ${waited}`);
  }
  const verdict = last?.verdict;
  const progress =
    verdict?.kind === "waiting" || verdict?.kind === "settled" ? verdict.message : "no answer from ECS";
  return ended(
    state,
    "failed",
    `${revisionName(applied.revisionArn)} was not stable ${waited} (${unhealthy[0] ?? progress}); ECS continues the deployment`,
    [...told.lastEvents, ...evidence],
    unhealthy.slice(0, 1).map((message) => ({ gate: "target health", verdict: "failed", message })),
  );
}

/** How the run ends when it stops following a deployment that ECS continues. */
export function cancelledEnd(state: FollowState, applied: EcsApplied): DeploymentEnd {
  const goesOn =
    state.failure === undefined
      ? `ECS continues to deploy ${revisionName(applied.revisionArn)}`
      : "ECS continues the rollback";
  const where = `${nameOf(applied.cluster)}/${applied.service}`;
  const message = `stopped waiting; ${goesOn} to ${where}: slipway status shows how it ends`;
  return { ...ended(state, "cancelled", message, state.failure?.evidence), revisionArn: undefined };
}

/** How many tasks failed, and of how many the circuit breaker takes: a line of the evidence. */
export function failureFacts({ last, failures }: FollowState, applied: EcsApplied): string[] {
  if (last === undefined) return [];
  const { service, ours } = last;
  const count = Math.max(failures, failureCount(findDeployment(service, applied), ours));
  const limit = failureLimit(service, ours);
  if (count === 0) return [];
  return [
    limit === undefined
      ? `failed tasks ${count}; the service has no deployment circuit breaker`
      : `failed tasks ${count} of ${limit} (circuit breaker)`,
  ];
}
