import type { Task } from "@aws-sdk/client-ecs";
import { describeStop } from "../tasks/stops.ts";

/** Tasks in a row that could not be started for the image: it does not come by waiting. */
const pullFailures = 2;
/** Tasks in a row that ended by themselves with the same exit code. */
const sameExits = 5;

/**
 * Why a deployment without a circuit breaker will not succeed any more, from its failed tasks, newest
 * first; undefined while it may. ECS would try for ever; with a circuit breaker it gives up by itself,
 * and goes back.
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

/** Pull errors that another attempt does not mend; a registry that is slow or throttles is none of them. */
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
