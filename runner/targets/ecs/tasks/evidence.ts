import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { Task } from "@aws-sdk/client-ecs";
import { firstLine } from "../../../../config/problems/first-line.ts";
import type { Clients } from "../../../aws/clients.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { nameOf, type TaskDefinition } from "../state.ts";
import { countStops, failedTasks } from "./stops.ts";
import { listTasks, type TaskQuery } from "./tasks.ts";

const logLines = 15;

/**
 * Why tasks of a revision stopped: reasons and exit codes, equal ones counted; then `facts` that belong
 * there, and the last log lines of the newest task at the end. A line takes the place of what can't be
 * read: evidence must not hide the failure.
 */
export async function collectEvidence(
  clients: Clients,
  query: TaskQuery,
  taskDefinition: TaskDefinition,
  container: string,
  signal: AbortSignal,
  facts: readonly string[] = [],
): Promise<string[]> {
  try {
    const stopped = await listTasks(clients, query, "STOPPED", signal);
    const failed = failedTasks(stopped);
    const tasks = failed.length > 0 ? failed : stopped;
    const newest = tasks[0];
    if (newest === undefined) return [...facts];
    return [
      ...countStops(tasks),
      ...facts,
      ...(await logEvidence(clients, taskDefinition, newest, container, signal)),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [`stopped tasks could not be read: ${firstLine(error)}`, ...facts];
  }
}

/** The last log lines of a task's container that failed, or where they are; what can't be read is said. */
export async function logEvidence(
  clients: Clients,
  taskDefinition: TaskDefinition,
  task: Task,
  container: string,
  signal: AbortSignal,
): Promise<string[]> {
  const culprit = culpritOf(task, container);
  const place = logPlace(taskDefinition, task, culprit);
  if (place === undefined) return [];
  if (place.kind === "elsewhere") return [`logs of ${culprit}: ${place.description}`];
  if (place.region !== undefined && place.region !== clients.region) {
    return [`logs of ${culprit}: ${place.group} ${place.stream} in ${place.region}`];
  }
  const title = `last log lines of ${culprit} (${place.group} ${place.stream}):`;
  try {
    const { events = [] } = await clients.logs.send(
      new GetLogEventsCommand({
        logGroupName: place.group,
        logStreamName: place.stream,
        limit: logLines,
        startFromHead: false,
      }),
      { abortSignal: signal },
    );
    return events.length === 0
      ? [`${culprit} logged nothing (${place.group} ${place.stream})`]
      : [title, ...events.map((event) => `  ${(event.message ?? "").trimEnd()}`)];
  } catch (error) {
    signal.throwIfAborted();
    if (isAwsError(error, "ResourceNotFoundException")) {
      return [`${culprit} logged nothing: it never started (${place.group} ${place.stream})`];
    }
    return [`${title} could not be read: ${firstLine(error)}`];
  }
}

/** The container to read the logs of: one that failed, ours if it did or if none did. */
export function culpritOf(task: Task, container: string): string {
  const failed = (task.containers ?? []).filter((one) => (one.exitCode ?? 0) !== 0).map((one) => one.name);
  return failed.includes(container) ? container : (failed[0] ?? container);
}

export type LogPlace =
  | {
      readonly kind: "cloudwatch";
      readonly group: string;
      readonly stream: string;
      readonly region: string | undefined;
    }
  | { readonly kind: "elsewhere"; readonly description: string };

/**
 * Where a container's log lines are, from its task definition.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
 */
export function logPlace(
  taskDefinition: TaskDefinition,
  task: Task,
  container: string,
): LogPlace | undefined {
  const configuration = taskDefinition.containerDefinitions.find(
    (one) => one.name === container,
  )?.logConfiguration;
  if (configuration?.logDriver === undefined) return undefined;
  const group = configuration.options?.["awslogs-group"];
  if (configuration.logDriver !== "awslogs" || group === undefined) {
    return { kind: "elsewhere", description: `sent to the log driver ${configuration.logDriver}` };
  }
  const prefix = configuration.options?.["awslogs-stream-prefix"];
  // Without a prefix the stream has the container's id for a name.
  const runtimeId = task.containers?.find((one) => one.name === container)?.runtimeId;
  const stream = prefix === undefined ? runtimeId : `${prefix}/${container}/${nameOf(task.taskArn)}`;
  if (stream === undefined) return { kind: "elsewhere", description: `in log group ${group}` };
  return { kind: "cloudwatch", group, stream, region: configuration.options?.["awslogs-region"] };
}
