import type { Task } from "@aws-sdk/client-ecs";
import type { Clock } from "../../poll.ts";

/** How long the same tasks must keep running if others of the revision have failed. */
const steadyMilliseconds = 10_000;
/** Tasks that may fail after ECS called the deployment complete. */
const failuresAllowed = 2;

/**
 * Whether a deployment that looks complete is stable.
 *
 * A container without a health check counts as running until it exits. If it runs for some seconds at a
 * time, the deployment can look complete for a moment, also to ECS. If no task has failed, one look is enough.
 * If some have, the same tasks must keep running for a while.
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
