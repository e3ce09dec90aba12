import type { EcsTarget, LambdaTarget, Service } from "../catalogue/catalogue.ts";
import type { PromotionSource } from "../description/promotion.ts";
import { cacheRepositoryName, repositoryName } from "../names.ts";
import type { GithubSettings } from "../stack/github.ts";
import type { Settings } from "../stack/settings.ts";
import type { ResourceKind } from "./permission.ts";

/** What the permissions of a stack's roles are cut to. */
export interface PermissionScope {
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly settings: Settings;
  readonly github: GithubSettings;
  readonly services: readonly Service[];
  /** Where the role's promotions come from; only who deploys promotes. */
  readonly promotesFrom: readonly PromotionSource[];
  /** ARN of the role itself. */
  readonly ownRole: string;
}

/** Resources of one statement, and under which conditions. */
export interface ScopedResources {
  readonly resources: readonly string[];
  /** Operator → condition key → values. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/**
 * The ARNs that stand for a kind of resource in a stack; none: the stack has no such thing, and the
 * permission is left out.
 */
export function resourcesOf(kind: ResourceKind, scope: PermissionScope): ScopedResources {
  const { partition, region, account, settings, github, services } = scope;
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const targets = ecsTargets(services).map((target) => ({ ...target, cluster: clusterName(target.cluster) }));
  const clusters = unique(targets.map(({ cluster }) => cluster));
  const clusterArns = clusters.map((cluster) => arn("ecs", `cluster/${cluster}`));
  // These actions want the service, too, and that is named.
  const ofClusters = (resource: string) => clusters.map((cluster) => arn("ecs", `${resource}/${cluster}/*`));
  const families = () => taskFamilies(scope).map((family) => arn("ecs", `task-definition/${family}:*`));
  switch (kind) {
    case "any":
      return { resources: ["*"] };
    case "repository":
      return {
        resources: services.map((service) => arn("ecr", `repository/${repositoryName(settings, service)}`)),
      };
    case "cache-repository":
      return {
        resources:
          settings.cache.kind === "registry"
            ? [arn("ecr", `repository/${cacheRepositoryName(settings)}`)]
            : [],
      };
    case "promoted-repository":
      return {
        resources: scope.promotesFrom.flatMap(({ region, account = scope.account, repositories }) =>
          repositories.map((name) => `arn:${partition}:ecr:${region}:${account}:repository/${name}`),
        ),
      };
    case "ecs-cluster":
      return { resources: clusterArns };
    case "ecs-service":
      return {
        resources: targets.map(({ cluster, service }) => arn("ecs", `service/${cluster}/${service}`)),
      };
    case "ecs-service-deployment":
      return { resources: ofClusters("service-deployment") };
    case "ecs-service-revision":
      return { resources: ofClusters("service-revision") };
    case "ecs-task":
      return { resources: ofClusters("task") };
    case "ecs-tasks-of-cluster":
      return clusters.length === 0 ? none : { resources: ["*"], conditions: inClusters(clusterArns) };
    case "task-family":
      return { resources: families() };
    case "task-family-in-cluster":
      return { resources: families(), conditions: inClusters(clusterArns) };
    case "task-family-made":
      return {
        resources: families(),
        conditions: { StringEquals: { "ecs:CreateAction": ["RegisterTaskDefinition", "RunTask"] } },
      };
    case "function":
      return {
        resources: lambdaTargets(services).flatMap((target) => {
          const named = arn("lambda", `function:${target.function}`);
          return [named, `${named}:*`];
        }),
      };
    case "function-version":
      return {
        resources: lambdaTargets(services).map((target) => arn("lambda", `function:${target.function}:*`)),
      };
    case "task-role":
      return targets.length === 0 ? none : passedTo("ecs-tasks.amazonaws.com", github.taskRoles);
    case "function-role":
      return passedTo("lambda.amazonaws.com", functionRoles(services));
    case "passable-role":
      return { resources: unique([...github.taskRoles, ...functionRoles(services)]) };
    case "log-group":
      return {
        resources: unique([
          ...lambdaTargets(services).map((target) => `/aws/lambda/${target.function}`),
          ...github.logGroups,
        ])
          // With the asterisk it stands for the group and its streams, in all actions that read:
          // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
          .map((name) => arn("logs", `log-group:${name}:*`)),
      };
    case "alarm":
      return { resources: [arn("cloudwatch", "alarm:*")] };
    case "secret":
      return { resources: github.secrets };
    case "parameter":
      return { resources: github.parameters };
    case "state-bucket":
      return {
        resources: github.stateBucket === undefined ? [] : [`arn:${partition}:s3:::${github.stateBucket}`],
      };
    case "state-object":
      return {
        resources:
          github.stateBucket === undefined ? [] : [`arn:${partition}:s3:::${github.stateBucket}/.pulumi/*`],
      };
    case "state-key":
      return { resources: github.stateKey === undefined ? [] : [github.stateKey] };
    case "own-role":
      return { resources: [scope.ownRole] };
  }
}

const none: ScopedResources = { resources: [] };

function passedTo(service: string, roles: readonly string[]): ScopedResources {
  return { resources: roles, conditions: { StringEquals: { "iam:PassedToService": [service] } } };
}

function inClusters(clusters: readonly string[]): NonNullable<ScopedResources["conditions"]> {
  return { ArnEquals: { "ecs:cluster": clusters } };
}

/** Families of task definitions: those named, or what the targets suggest. */
function taskFamilies({ github, services }: PermissionScope): string[] {
  if (github.taskFamilies.length > 0) return [...github.taskFamilies];
  return unique(
    ecsTargets(services).flatMap(({ cluster, service }) => [service, `${clusterName(cluster)}-${service}`]),
  );
}

function functionRoles(services: readonly Service[]): string[] {
  return unique(lambdaTargets(services).flatMap(({ create }) => (create === undefined ? [] : [create.role])));
}

function ecsTargets(services: readonly Service[]): EcsTarget[] {
  return services.flatMap(({ targets }) => targets.filter((target) => target.kind === "ecs"));
}

function lambdaTargets(services: readonly Service[]): LambdaTarget[] {
  return services.flatMap(({ targets }) => targets.filter((target) => target.kind === "lambda"));
}

/** A catalogue names a cluster by its name or its ARN. */
function clusterName(cluster: string): string {
  return cluster.split("/").at(-1) ?? cluster;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
