import type { ExitCode } from "../../config/errors.ts";
import type { TargetOutcome } from "../targets/target.ts";
import type { DeployDocument } from "./documents.ts";

/**
 * How a deployment ended. One target that failed or went back to what it ran before makes it a
 * failure, whatever became of the others. Pure.
 */
export function judgeOutcome(run: {
  readonly nothingToDo: boolean;
  readonly targets: readonly Pick<TargetOutcome, "outcome">[];
  readonly interrupted: boolean;
}): DeployDocument["outcome"] {
  const has = (...outcomes: readonly TargetOutcome["outcome"][]) =>
    run.targets.some(({ outcome }) => outcomes.includes(outcome));
  if (has("failed", "rolled back")) return run.interrupted ? "interrupted" : "failed";
  if (has("cancelled", "not started")) return run.interrupted ? "interrupted" : "failed";
  // Interrupted when all was done already, or before any target was in question.
  if (run.interrupted && run.targets.every(({ outcome }) => outcome === "unchanged")) {
    return run.nothingToDo ? "nothing" : "interrupted";
  }
  return run.nothingToDo ? "nothing" : "done";
}

/** What the process exits with. Pure. */
export function exitCodeOf(outcome: DeployDocument["outcome"]): 0 | ExitCode {
  switch (outcome) {
    case "done":
    case "nothing":
      return 0;
    case "failed":
      return 1;
    case "interrupted":
      return 130;
  }
}
