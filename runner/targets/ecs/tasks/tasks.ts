import { DescribeTasksCommand, paginateListTasks, type Task } from "@aws-sdk/client-ecs";
import type { Clients } from "../../../aws/clients.ts";
import type { Image } from "../../../registry/image.ts";
import { nameOf } from "../state.ts";

/** A service's tasks of one task definition. */
export interface TaskQuery {
  readonly cluster: string;
  readonly service: string;
  readonly revisionArn: string;
  /** By ECS's clock. Older stopped tasks belong to an earlier deployment of the revision. */
  readonly createdAt?: Date;
}

/** The most tasks that Slipway looks at one by one. */
const mostTasks = 1000;

/**
 * The tasks that a service runs (or has stopped within the last hour, as long as ECS keeps them), of one
 * revision; newest first.
 */
export async function listTasks(
  clients: Clients,
  { cluster, service, revisionArn, createdAt }: TaskQuery,
  desiredStatus: "RUNNING" | "STOPPED",
  signal: AbortSignal,
): Promise<Task[]> {
  const tasks: Task[] = [];
  const pages = paginateListTasks(
    { client: clients.ecs, pageSize: 100 },
    { cluster, serviceName: service, desiredStatus },
    { abortSignal: signal },
  );
  let seen = 0;
  for await (const { taskArns = [] } of pages) {
    if (taskArns.length === 0) continue;
    const described = await clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }), {
      abortSignal: signal,
    });
    const ofRevision = (described.tasks ?? []).filter((task) => task.taskDefinitionArn === revisionArn);
    // A task may have stopped between the two calls. It no longer counts as running.
    const counts = (task: Task) =>
      desiredStatus === "STOPPED" ? !isOlder(task, createdAt) : task.lastStatus !== "STOPPED";
    tasks.push(...ofRevision.filter(counts));
    seen += taskArns.length;
    if (seen >= mostTasks) break;
  }
  const since = (task: Task) => (task.stoppedAt ?? task.createdAt)?.getTime() ?? 0;
  return tasks.toSorted((a, b) => since(b) - since(a));
}

function isOlder(task: Task, than: Date | undefined): boolean {
  return than !== undefined && task.createdAt !== undefined && task.createdAt < than;
}

/** What the running tasks prove about the image they run. */
export interface RunningProof {
  readonly matching: number;
  /** Running tasks whose agent has not reported the image. */
  readonly unreported: number;
  /** `task 1a2b3c4d runs sha256:…` for each task that runs something else. */
  readonly wrong: readonly string[];
}

/**
 * Compares what tasks run with what was pushed: for each container the index's digest, or its manifest
 * for the tasks' platform (agents report either).
 *
 * @param images container → image that it must run
 */
export function proveImages(tasks: readonly Task[], images: Readonly<Record<string, Image>>): RunningProof {
  const wanted = Object.entries(images).map(([container, image]) => ({
    container,
    pushed: new Set([image.digest, ...Object.values(image.manifests)]),
  }));
  const running = tasks.filter((task) => task.lastStatus === "RUNNING");
  const proofs = running.map((task) => {
    const found = wanted.map(({ container, pushed }) => {
      const digest = task.containers?.find((one) => one.name === container)?.imageDigest;
      return { container, digest, right: digest !== undefined && pushed.has(digest) };
    });
    return { task: nameOf(task.taskArn).slice(0, 8), found };
  });
  return {
    matching: proofs.filter(({ found }) => found.every(({ right }) => right)).length,
    unreported: proofs.filter(({ found }) => found.some(({ digest }) => digest === undefined)).length,
    wrong: proofs.flatMap(({ task, found }) =>
      found
        .filter(({ digest, right }) => digest !== undefined && !right)
        .map(({ container, digest }) =>
          found.length === 1 ? `task ${task} runs ${digest}` : `task ${task} runs ${digest} in ${container}`,
        ),
    ),
  };
}
