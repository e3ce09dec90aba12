import type { ExitCode } from "../../config/problems/errors.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import type { DeployDocument } from "./document.ts";

/**
 * How a deployment ended. One target that failed or was rolled back makes it a failure, regardless of the
 * others.
 */
export function judgeOutcome(run: {
  readonly nothingToDo: boolean;
  readonly targets: readonly Pick<TargetOutcome, "outcome" | "because">[];
  readonly interrupted: boolean;
}): DeployDocument["outcome"] {
  const has = (...outcomes: readonly TargetOutcome["outcome"][]) =>
    run.targets.some(({ outcome }) => outcomes.includes(outcome));
  if (has("failed", "rolled back")) return run.interrupted ? "interrupted" : "failed";
  if (!run.interrupted && run.targets.some(({ because }) => because === "superseded")) return "superseded";
  const isWaiting = ({ outcome, because }: (typeof run.targets)[number]) =>
    outcome === "proposed" || (outcome === "not started" && because === "proposed");
  const left = run.targets.filter((target) => !isWaiting(target));
  const isUnfinished = left.some(({ outcome }) => outcome === "cancelled" || outcome === "not started");
  if (!isUnfinished && left.length < run.targets.length) return run.interrupted ? "interrupted" : "proposed";
  if (has("cancelled", "not started")) return run.interrupted ? "interrupted" : "failed";
  // Interrupted when all was done already, or before any target was in question.
  if (run.interrupted && run.targets.every(({ outcome }) => outcome === "unchanged")) {
    return run.nothingToDo ? "nothing" : "interrupted";
  }
  return run.nothingToDo ? "nothing" : "done";
}

/** One outcome per planned target; targets that were never reached count as not started. */
export function outcomesOfPlans(
  plans: readonly TargetPlan[],
  outcomes: readonly TargetOutcome[],
): readonly TargetOutcome[] {
  const byTitle = new Map(outcomes.map((outcome) => [outcome.title, outcome]));
  return plans.map((plan): TargetOutcome => {
    const finished = byTitle.get(plan.title);
    if (finished !== undefined) return { ...finished, milliseconds: Math.round(finished.milliseconds) };
    const { service, title, target, action } = plan;
    return {
      service,
      title,
      kind: target.kind,
      outcome: action === "none" ? "unchanged" : "not started",
      message: action === "none" ? "already runs this image" : "interrupted before the update started",
      milliseconds: 0,
    };
  });
}

/** What the process exits with. */
export function exitCodeOf(outcome: DeployDocument["outcome"]): 0 | ExitCode {
  switch (outcome) {
    case "done":
    case "nothing":
    case "proposed":
      return 0;
    case "failed":
      return 1;
    case "interrupted":
      return 130;
    case "superseded":
      return 3;
  }
}
