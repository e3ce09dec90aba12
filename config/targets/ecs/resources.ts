import { noResources, type ScopedResources, type TargetScope } from "../permission.ts";
import { clusterName, type EcsTarget } from "./target.ts";

/** The resources that permissions for ECS services are limited to. */
export type EcsResource =
  | "ecs-service"
  | "ecs-service-deployment"
  | "ecs-service-revision"
  | "ecs-task"
  /** A condition on the cluster: the action's own resource is a container instance. */
  | "ecs-tasks-of-cluster"
  | "task-family"
  /** As `task-family`, with a condition on the cluster that the task runs in. */
  | "task-family-in-cluster"
  /** As `task-family`, for tags that are set when the resource is created. */
  | "task-family-made"
  /** Tasks of the clusters, for tags that are set when they are run. */
  | "ecs-task-made"
  | "task-role"
  /** Roles that ECS itself assumes for a service, not its tasks. */
  | "service-role"
  | "secret"
  | "parameter";

/** The ARNs of a stack's ECS services and of what belongs to them. */
export function ecsResources(
  resource: EcsResource,
  targets: readonly EcsTarget[],
  { partition, region, account, github, isOfWholeAccount = false }: TargetScope,
): ScopedResources {
  const arn = (name: string) => `arn:${partition}:ecs:${region}:${account}:${name}`;
  const read = readInAccount[resource];
  if (isOfWholeAccount)
    return read === undefined ? noResources : { resources: [read === "*" ? read : arn(read)] };
  const clusters = [...new Set(targets.map(clusterName))];
  const clusterArns = clusters.map((cluster) => arn(`cluster/${cluster}`));
  // AWS checks these actions on the service as well, which is a resource here.
  const inClusters = (name: string) => clusters.map((cluster) => arn(`${name}/${cluster}/*`));
  const families = () =>
    taskFamilies(targets, github.taskFamilies).map((one) => arn(`task-definition/${one}:*`));
  const onlyInClusters = { ArnEquals: { "ecs:cluster": clusterArns } };
  switch (resource) {
    case "ecs-service":
      return { resources: targets.map((target) => arn(`service/${clusterName(target)}/${target.service}`)) };
    case "ecs-service-deployment":
      return { resources: inClusters("service-deployment") };
    case "ecs-service-revision":
      return { resources: inClusters("service-revision") };
    case "ecs-task":
      return { resources: inClusters("task") };
    case "ecs-tasks-of-cluster":
      return clusters.length === 0 ? noResources : { resources: ["*"], conditions: onlyInClusters };
    case "task-family":
      return { resources: families() };
    case "task-family-in-cluster":
      return { resources: families(), conditions: onlyInClusters };
    case "task-family-made":
      return { resources: families(), conditions: createdBy("RegisterTaskDefinition") };
    case "ecs-task-made":
      return { resources: inClusters("task"), conditions: createdBy("RunTask") };
    case "task-role":
      return targets.length === 0 ? noResources : passedTo("ecs-tasks.amazonaws.com", github.taskRoles);
    case "service-role":
      return targets.length === 0 ? noResources : passedTo("ecs.amazonaws.com", github.serviceRoles);
    case "secret":
      return { resources: github.secrets };
    case "parameter":
      return { resources: github.parameters };
  }
}

/** What a role may read that looks at all services and tasks of the account, and what for. */
const readInAccount: Readonly<Partial<Record<EcsResource, string>>> = {
  "ecs-service": "service/*",
  "ecs-service-revision": "service-revision/*",
  "ecs-task": "task/*",
  "ecs-tasks-of-cluster": "*",
};

/** Only for the tags of what one call creates. */
function createdBy(call: string): NonNullable<ScopedResources["conditions"]> {
  return { StringEquals: { "ecs:CreateAction": [call] } };
}

function passedTo(service: string, roles: readonly string[]): ScopedResources {
  return { resources: roles, conditions: { StringEquals: { "iam:PassedToService": [service] } } };
}

/** Families of task definitions: those that the settings name, otherwise those that the targets suggest. */
function taskFamilies(targets: readonly EcsTarget[], named: readonly string[]): string[] {
  if (named.length > 0) return [...named];
  return [
    ...new Set(targets.flatMap((target) => [target.service, `${clusterName(target)}-${target.service}`])),
  ];
}
