import type { Task } from "@aws-sdk/client-ecs";
import type { Clock } from "../../poll.ts";

/** How long the same tasks must stay, when others of the same revision have failed. */
const steadyMilliseconds = 10_000;
/** Tasks that may fail after ECS called the deployment complete. */
const failuresAllowed = 2;

/**
 * Whether a complete deployment is to be believed.
 *
 * A container without a health check counts as running until it falls over; one that lives for some
 * seconds at a time can look complete for a moment, to ECS too. So where no task has failed, the first
 * look is enough; where some have, the same tasks have to stay a while.
 */
export function createSteadiness(
  clock: Clock,
): (running: readonly Task[], failed: readonly Task[]) => "steady" | "waiting" | "failing" {
  let first: number | undefined;
  let since = 0;
  let watched = "";
  return (running, failed) => {
    if (failed.length === 0) return "steady";
    first ??= failed.length;
    if (failed.length - first > failuresAllowed) return "failing";
    const tasks = running
      .map((task) => task.taskArn ?? "")
      .sort()
      .join();
    if (tasks !== watched) {
      watched = tasks;
      since = clock.now();
    }
    return clock.now() - since >= steadyMilliseconds ? "steady" : "waiting";
  };
}
