import {
  DescribeTasksCommand,
  type Failure,
  paginateListTasks,
  RunTaskCommand,
  type Service,
  StopTaskCommand,
  type Task,
} from "@aws-sdk/client-ecs";
import { UserError } from "../../../../config/problems/errors.ts";
import { firstLine } from "../../../../config/problems/first-line.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { type Clock, poll, pollPolicy } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";
import { nameOf, revisionName } from "../state.ts";
import { logEvidence } from "../tasks/evidence.ts";
import { describeStop } from "../tasks/stops.ts";
import { type OneOff, requestOf, tokenOf } from "./request.ts";

/** Client tokens to try in turn. Each names one attempt; ECS also keeps those of failed attempts. */
const mostAttempts = 20;

/**
 * Runs a command once with the new revision, as the service runs its tasks, to its end.
 *
 * The same work (service, what it runs now, images, command) has the same token: a run that was killed
 * and is repeated finds its task, and waits for that one instead of running two at once.
 *
 * @throws UserError `one-off-failed`, `one-off-stopped`: nothing has been moved
 */
export async function runOneOff(one: OneOff, context: TargetContext, clock: Clock): Promise<void> {
  const token = tokenOf(one);
  const say = (line: string) => context.emit({ kind: "step-log", id: context.step, line });
  const started = await startOrFind(one, token, context);
  const id = nameOf(started.taskArn).slice(0, 8);
  if (started.lastStatus === "STOPPED") {
    say(`one-off task ${id} has already run, exit code 0`);
    return;
  }
  say(`one-off task ${id} runs: ${one.task.command.join(" ")}`);
  let task = started;
  try {
    const until = clock.now() + one.task.timeoutSeconds * 1000;
    const look = async () => {
      task = (await describe(context, one.service, started.taskArn, context.signal)) ?? task;
      const state = task.lastStatus?.toLowerCase().replaceAll("_", " ");
      context.emit({ kind: "step-progress", id: context.step, message: `one-off task ${id}: ${state}` });
      return isOver(task, one.task.container) ? task : undefined;
    };
    const ended = await poll(look, { clock, policy: pollPolicy, until, signal: context.signal });
    if (ended === undefined) {
      await stop(context, one, task, "it took too long");
      throw await failure(one, task, `was stopped after ${one.task.timeoutSeconds} s`, context);
    }
    task = ended;
  } catch (error) {
    if (!context.signal.aborted) throw error;
    const stopped = await stop(context, one, task, "interrupted");
    throw new UserError(
      {
        code: "one-off-stopped",
        where: one.title,
        message: `interrupted: its one-off task ${id} ${stopped}, and nothing was moved`,
      },
      { exitCode: 130, cause: error },
    );
  }
  // Only the command's container has ended; other containers of the task still run.
  if (task.lastStatus !== "STOPPED") await stop(context, one, task, "its command has ended");
  const exitCode = exitCodeOf(task, one.task.container);
  if (exitCode !== 0) {
    throw await failure(
      one,
      task,
      exitCode === undefined ? "did not run" : `failed with exit code ${exitCode}`,
      context,
    );
  }
  say(`one-off task ${id} is done, exit code 0`);
}

/** Starts the task, or finds the one that an earlier run has started for the same work. */
async function startOrFind(one: OneOff, token: string, context: TargetContext): Promise<Task> {
  const { clients, signal } = context;
  const underWay = await findRunning(one.service, token, context);
  if (underWay !== undefined) return underWay;
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    signal.throwIfAborted();
    try {
      // Not to be interrupted: so it is always known whether a task was started.
      const answer = await clients.ecs.send(new RunTaskCommand(requestOf(one, token, attempt)));
      const [task] = answer.tasks ?? [];
      if (task === undefined) throw notStarted(one, answer.failures ?? []);
      if (!isFailed(task, one.task.container)) return task;
    } catch (error) {
      // The token is taken: by a task of an earlier run, which had registered a revision of its own.
      if (!isAwsError(error, "ConflictException")) throw error;
      const [arn] = (error as { resourceIds?: string[] }).resourceIds ?? [];
      const task = await describe(context, one.service, arn, signal);
      if (task !== undefined && !isFailed(task, one.task.container)) return task;
    }
  }
  throw new UserError(
    {
      code: "one-off-failed",
      where: one.title,
      message: `the one-off task has failed ${mostAttempts} times for this image; nothing was moved`,
      fix: "fix the cause, then deploy another image, or wait a day",
    },
    { exitCode: 1 },
  );
}

async function findRunning(service: Service, token: string, context: TargetContext) {
  const { clients, signal } = context;
  const pages = paginateListTasks(
    { client: clients.ecs },
    { cluster: service.clusterArn, startedBy: token },
    { abortSignal: signal },
  );
  for await (const { taskArns = [] } of pages) {
    if (taskArns[0] !== undefined) return describe(context, service, taskArns[0], signal);
  }
  return undefined;
}

async function describe(
  { clients }: TargetContext,
  service: Service,
  arn: string | undefined,
  signal: AbortSignal,
): Promise<Task | undefined> {
  if (arn === undefined) return undefined;
  const { tasks } = await clients.ecs.send(
    new DescribeTasksCommand({ cluster: service.clusterArn, tasks: [arn] }),
    { abortSignal: signal },
  );
  return tasks?.[0];
}

/** Stops the task, also when the run is interrupted; says how that went. */
async function stop(context: TargetContext, { service }: OneOff, task: Task, reason: string) {
  try {
    await context.clients.uninterruptible.ecs.send(
      new StopTaskCommand({ cluster: service.clusterArn, task: task.taskArn, reason: `slipway: ${reason}` }),
      { abortSignal: AbortSignal.timeout(10_000) },
    );
    return "was stopped";
  } catch (error) {
    return `could not be stopped (${firstLine(error)})`;
  }
}

function isOver(task: Task, container: string): boolean {
  return task.lastStatus === "STOPPED" || exitCodeOf(task, container) !== undefined;
}

function isFailed(task: Task, container: string): boolean {
  return task.lastStatus === "STOPPED" && exitCodeOf(task, container) !== 0;
}

function exitCodeOf(task: Task, container: string): number | undefined {
  return task.containers?.find(({ name }) => name === container)?.exitCode ?? undefined;
}

async function failure(
  one: OneOff,
  task: Task,
  what: string,
  { clients, signal }: TargetContext,
): Promise<UserError> {
  const lines = await logEvidence(clients, one.taskDefinition, task, one.task.container, signal);
  const id = nameOf(task.taskArn).slice(0, 8);
  const reason = task.lastStatus === "STOPPED" ? [`task ${id} stopped: ${describeStop(task)}`] : [];
  const message = `the one-off task before the update ${what}; nothing was moved (${revisionName(one.revisionArn)} is registered)`;
  return new UserError(
    { code: "one-off-failed", where: one.title, message: [message, ...reason, ...lines].join("\n") },
    { exitCode: 1 },
  );
}

function notStarted(one: OneOff, failures: readonly Failure[]): UserError {
  const reasons = failures.map(({ reason, detail }) =>
    [reason, detail].filter((part) => part !== undefined).join(", "),
  );
  return new UserError(
    {
      code: "one-off-failed",
      where: one.title,
      message: `ECS can't place the one-off task: ${reasons.join("; ") || "no reason given"}; nothing was moved`,
      fix: "give the cluster room for one more task of the service's size",
    },
    { exitCode: 1 },
  );
}
