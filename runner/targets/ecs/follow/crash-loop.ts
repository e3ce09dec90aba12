import type { Task } from "@aws-sdk/client-ecs";
import { describeStop } from "../tasks/stops.ts";

/** Consecutive tasks that failed to pull the image: waiting does not help. */
const pullFailures = 2;
/** Consecutive tasks that exited by themselves with the same code. */
const sameExits = 5;

/**
 * Why a deployment without a circuit breaker can no longer succeed, from its failed tasks, newest first;
 * undefined while it can. Without a circuit breaker ECS keeps trying for ever; with one it stops the
 * deployment and rolls back.
 */
export function hopeless(failed: readonly Task[], running: number): string | undefined {
  const [newest] = failed;
  if (newest === undefined || running > 0) return undefined;
  const pulls = failed.slice(0, pullFailures);
  if (pulls.length === pullFailures && pulls.every(isMissingImage)) {
    return `its image can't be pulled: ${describeStop(newest)}`;
  }
  const exits = failed.slice(0, sameExits);
  const code = exitCodeOf(newest);
  if (code !== undefined && exits.length === sameExits && exits.every((one) => exitCodeOf(one) === code)) {
    return `its tasks end as soon as they start: ${describeStop(newest)}`;
  }
  return undefined;
}

/** Pull errors that another attempt does not fix. A slow or throttling registry is not among them. */
function isMissingImage(task: Task): boolean {
  const reasons = [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)].join("\n");
  return (
    /CannotPull/.test(reasons) &&
    /not found|manifest unknown|no matching manifest|does not exist|access denied|403 Forbidden|not authorized/i.test(
      reasons,
    )
  );
}

function exitCodeOf(task: Task): number | undefined {
  if (task.stopCode !== "EssentialContainerExited") return undefined;
  return (task.containers ?? []).map(({ exitCode }) => exitCode).find((code) => (code ?? 0) !== 0);
}
