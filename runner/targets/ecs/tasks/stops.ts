import type { Container, Task } from "@aws-sdk/client-ecs";
import { nameOf } from "../state.ts";

/** One line for each way in which tasks stopped, the newest first. */
export function countStops(tasks: readonly Task[]): string[] {
  const ways = new Map<string, { first: string; count: number }>();
  for (const task of tasks) {
    const why = describeStop(task);
    const way = ways.get(why);
    if (way === undefined) ways.set(why, { first: nameOf(task.taskArn).slice(0, 8), count: 1 });
    else way.count++;
  }
  return [...ways]
    .slice(0, 5)
    .map(([why, { first, count }]) =>
      count === 1 ? `task ${first} stopped: ${why}` : `${count} tasks stopped (last ${first}): ${why}`,
    );
}

/** `Essential container in task exited (ui: exit code 1)`. */
export function describeStop(task: Task): string {
  const said = (task.containers ?? []).flatMap(describeContainer);
  // A main process that exits with 0 also stops the task.
  const ended = (task.containers ?? []).filter((one) => one.exitCode === 0).map((one) => one.name);
  const containers = said.length > 0 ? said : ended.map((name) => `${name}: exit code 0`);
  const reason = task.stoppedReason ?? task.stopCode ?? "no reason given";
  return containers.length === 0 ? reason : `${reason} (${containers.join("; ")})`;
}

function describeContainer(container: Container): string[] {
  const parts = [
    ...(container.exitCode === undefined || container.exitCode === null || container.exitCode === 0
      ? []
      : [`exit code ${container.exitCode}${signalOf(container.exitCode)}`]),
    ...(container.reason === undefined ? [] : [container.reason]),
    ...(container.healthStatus === "UNHEALTHY" ? ["health check failed"] : []),
  ];
  return parts.length === 0 ? [] : [`${container.name}: ${parts.join(", ")}`];
}

function signalOf(exitCode: number): string {
  if (exitCode === 137) return " (killed: out of memory, or it did not stop in time)";
  if (exitCode === 139) return " (segmentation fault)";
  if (exitCode === 143) return " (terminated)";
  return "";
}

/**
 * Tasks that failed: they exited by themselves, never started, or ECS stopped them for a failed health check.
 * Tasks that ECS or a user stopped to make room are left out.
 */
export function failedTasks(tasks: readonly Task[]): Task[] {
  return tasks.filter(
    (task) =>
      task.stopCode === "EssentialContainerExited" ||
      task.stopCode === "TaskFailedToStart" ||
      // "Task failed ELB health checks in (target-group …)", "Task failed container health checks"
      /failed .*health check/i.test(task.stoppedReason ?? ""),
  );
}
