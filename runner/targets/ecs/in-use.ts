import {
  type Deployment,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  paginateListClusters,
  paginateListServices,
  paginateListTasks,
  type Service,
  type Task,
} from "@aws-sdk/client-ecs";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import { type ImageUse, parallelReads, type ReadContext } from "../image-use.ts";
import { digestsOfServices, newestRevisions } from "./revisions/beyond.ts";
import { nameOf, revisionName } from "./state.ts";

/** A revision that a service runs, or is on the way to or from. */
interface Revision {
  readonly taskDefinition: string;
  readonly where: string;
  readonly why: string;
}

/**
 * Every image that ECS runs in the account and region: of all containers in the task definitions of all
 * services' PRIMARY deployments, ACTIVE ones with tasks, and task sets, and of all tasks there are,
 * including those that others started. Beyond that, the digests that ECS resolved for each service, and the newest
 * revisions of the families that services use. Read-only.
 */
export async function imagesInEcs({ clients, signal, beyond }: ReadContext): Promise<readonly ImageUse[]> {
  const inClusters = await pMap(
    await clustersOf({ clients, signal }),
    async (cluster) => {
      const [services, tasks] = await Promise.all([
        servicesOf({ clients, signal }, cluster),
        tasksOf({ clients, signal }, cluster),
      ]);
      return { services, revisions: services.flatMap(revisionsOf), tasks: tasks.flatMap(usesOfTask) };
    },
    { concurrency: parallelReads, signal },
  );
  const revisions = inClusters.flatMap((one) => one.revisions);
  const found = [
    ...(await usesOfRevisions({ clients, signal }, revisions)),
    ...inClusters.flatMap((one) => one.tasks),
  ];
  if (beyond === undefined) return found;
  const services = inClusters.flatMap((one) => one.services);
  const names = revisions.map(({ taskDefinition }) => taskDefinition);
  const [digests, newest] = await Promise.all([
    beyond.search("digests that ECS resolved for its services (service revisions)", () =>
      digestsOfServices({ clients, signal }, services),
    ),
    beyond.search(`the newest ${beyond.revisions} revisions of task definitions in use`, () =>
      newestRevisions({ clients, signal }, names, beyond.revisions),
    ),
  ]);
  return [...found, ...digests, ...newest];
}

/** ARNs of all clusters. */
export async function clustersOf({ clients, signal }: ReadContext): Promise<readonly string[]> {
  const clusters: string[] = [];
  const pages = paginateListClusters({ client: clients.ecs, pageSize: 100 }, {}, { abortSignal: signal });
  for await (const page of pages) clusters.push(...(page.clusterArns ?? []));
  return clusters;
}

/** All services of a cluster, those that are deleted included as long as ECS lists them. */
export async function servicesOf({ clients, signal }: ReadContext, cluster: string): Promise<Service[]> {
  const services: Service[] = [];
  // DescribeServices takes ten at once: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
  const pages = paginateListServices(
    { client: clients.ecs, pageSize: 100 },
    { cluster },
    { abortSignal: signal },
  );
  for await (const { serviceArns = [] } of pages) {
    for (const some of chunk(serviceArns, 10)) {
      const described = await clients.ecs.send(new DescribeServicesCommand({ cluster, services: some }), {
        abortSignal: signal,
      });
      services.push(...(described.services ?? []));
    }
  }
  return services;
}

async function tasksOf({ clients, signal }: ReadContext, cluster: string): Promise<Task[]> {
  const tasks: Task[] = [];
  const pages = paginateListTasks(
    { client: clients.ecs, pageSize: 100 },
    { cluster, desiredStatus: "RUNNING" },
    { abortSignal: signal },
  );
  for await (const { taskArns = [] } of pages) {
    if (taskArns.length === 0) continue;
    const described = await clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }), {
      abortSignal: signal,
    });
    tasks.push(...(described.tasks ?? []));
  }
  return tasks;
}

/** The revisions that a service needs; none of one that is deleted. */
export function revisionsOf(service: Service): readonly Revision[] {
  if (service.status === "INACTIVE") return [];
  const where = `ecs ${nameOf(service.clusterArn)}/${service.serviceName}`;
  const revision = (taskDefinition: string | undefined, what: string): Revision[] =>
    taskDefinition === undefined
      ? []
      : [{ taskDefinition, where, why: `${what}, ${revisionName(taskDefinition)}` }];
  const deployments = (service.deployments ?? [])
    .filter((one) => one.status === "PRIMARY" || (one.status !== "INACTIVE" && hasTasks(one)))
    .flatMap(({ status, taskDefinition }) => revision(taskDefinition, `${status} deployment`));
  const taskSets = (service.taskSets ?? []).flatMap(({ status, taskDefinition }) =>
    revision(taskDefinition, `${status} task set`),
  );
  const all = [...deployments, ...taskSets];
  return all.length > 0 ? all : revision(service.taskDefinition, "service");
}

/** False of a deployment that failed and is rolled back: it may stay listed as ACTIVE for a while. */
function hasTasks({ desiredCount, runningCount, pendingCount }: Deployment): boolean {
  return [desiredCount, runningCount, pendingCount].some((count) => count !== 0);
}

/** What a task's containers run: the digest as its agent says. */
export function usesOfTask(task: Task): readonly ImageUse[] {
  const cluster = nameOf(task.clusterArn);
  const service = /^service:(.+)$/.exec(task.group ?? "")?.[1];
  const where =
    service === undefined
      ? `ecs ${cluster}, task ${nameOf(task.taskArn).slice(0, 8)}`
      : `ecs ${cluster}/${service}`;
  return (task.containers ?? []).flatMap(({ image, imageDigest }): ImageUse[] =>
    image === undefined
      ? []
      : [
          {
            reference: image,
            ...(imageDigest === undefined ? {} : { digest: imageDigest }),
            where,
            why: `task of ${revisionName(task.taskDefinitionArn)}`,
          },
        ],
  );
}

async function usesOfRevisions(
  { clients, signal }: ReadContext,
  revisions: readonly Revision[],
): Promise<readonly ImageUse[]> {
  const byTaskDefinition = Map.groupBy(revisions, ({ taskDefinition }) => taskDefinition);
  const uses = await pMap(
    byTaskDefinition,
    async ([taskDefinition, users]) => {
      const { taskDefinition: found } = await clients.ecs.send(
        new DescribeTaskDefinitionCommand({ taskDefinition }),
        { abortSignal: signal },
      );
      const images = (found?.containerDefinitions ?? []).flatMap(({ image }) => image ?? []);
      return users.flatMap(({ where, why }) => images.map((reference) => ({ reference, where, why })));
    },
    { concurrency: parallelReads, signal },
  );
  return uses.flat();
}
