import type { GithubRole } from "./github.ts";

/** What a permission is cut to; `resourcesOf` in permission-scope.ts makes ARNs of it. */
export type ResourceKind =
  /** Actions that AWS knows no resource for. */
  | "any"
  | "repository"
  | "cache-repository"
  /** Repositories of the stacks that images are promoted from. */
  | "promoted-repository"
  | "ecs-cluster"
  | "ecs-service"
  | "ecs-service-deployment"
  | "ecs-service-revision"
  | "ecs-task"
  /** A condition on the cluster: the action's own resource is a container instance. */
  | "ecs-tasks-of-cluster"
  | "task-family"
  /** As `task-family`, with a condition on the cluster that the task is to run in. */
  | "task-family-in-cluster"
  /** As `task-family`, for tags that are given when it is made. */
  | "task-family-made"
  | "function"
  /** Versions and aliases of the functions, and not the functions themselves. */
  | "function-version"
  | "task-role"
  | "function-role"
  | "passable-role"
  | "log-group"
  | "alarm"
  | "secret"
  | "parameter"
  | "state-bucket"
  | "state-object"
  | "state-key"
  | "own-role";

/** Something that AWS is asked to do, and who in CI may ask. */
export interface Permission {
  /** As in an IAM policy: `ecr:PutImage`. */
  readonly action: string;
  readonly on: ResourceKind | readonly ResourceKind[];
  /** Roles that have it; none: only people do, with their own credentials. */
  readonly roles: readonly GithubRole[];
  readonly why: string;
  /** Calls of the SDK that need it, where they are called otherwise: `Invoke` for `lambda:InvokeFunction`. */
  readonly calls?: readonly string[];
}

const all: readonly GithubRole[] = ["pullRequest", "push", "deploy"];
const pushers: readonly GithubRole[] = ["push", "deploy"];
const planners: readonly GithubRole[] = ["pullRequest", "deploy"];
const deployers: readonly GithubRole[] = ["deploy"];
const nobody: readonly GithubRole[] = [];

const registry: readonly Permission[] = [
  { action: "ecr:GetAuthorizationToken", on: "any", roles: all, why: "sign in to the registry" },
  {
    action: "ecr:DescribeRepositories",
    on: ["repository", "cache-repository"],
    roles: all,
    why: "see whether the repositories are there, and whether tags may move",
  },
  { action: "ecr:DescribeImages", on: "repository", roles: all, why: "see tags, sizes and times" },
  { action: "ecr:ListImages", on: "repository", roles: all, why: "see what is there" },
  {
    action: "ecr:BatchGetImage",
    on: ["repository", "cache-repository", "promoted-repository"],
    roles: all,
    why: "read manifests: is it built already, which platforms, which digest; and what is attached to them",
    calls: ["BatchGetImage", "ListImageReferrers"],
  },
  {
    action: "ecr:GetDownloadUrlForLayer",
    on: ["repository", "cache-repository", "promoted-repository"],
    roles: all,
    why: "read layers and configurations: base images of our own, the build cache",
  },
  {
    action: "ecr:BatchCheckLayerAvailability",
    on: ["repository", "cache-repository", "promoted-repository"],
    roles: all,
    why: "know which layers are there",
  },
  {
    action: "ecr:DescribeImageScanFindings",
    on: "repository",
    roles: all,
    why: "read what the scan found",
  },
  {
    action: "ecr:InitiateLayerUpload",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
  },
  {
    action: "ecr:UploadLayerPart",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
  },
  {
    action: "ecr:CompleteLayerUpload",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push layers",
  },
  {
    action: "ecr:PutImage",
    on: ["repository", "cache-repository"],
    roles: pushers,
    why: "push manifests, and tag the digests that are there",
  },
  { action: "ecr:StartImageScan", on: "repository", roles: pushers, why: "scan what was pushed" },
  {
    action: "ecr:GetRepositoryPolicy",
    on: "repository",
    roles: deployers,
    why: "Lambda looks whether it may pull, with the rights of who updates the function",
  },
  { action: "ecr:BatchDeleteImage", on: "repository", roles: nobody, why: "cleaning up is a person's work" },
  {
    action: "ecr:StartLifecyclePolicyPreview",
    on: "repository",
    roles: nobody,
    why: "weighing a new policy is a person's work",
  },
  {
    action: "ecr:GetLifecyclePolicyPreview",
    on: "repository",
    roles: nobody,
    why: "weighing a new policy is a person's work",
  },
  {
    action: "ecr:GetLifecyclePolicy",
    on: "repository",
    roles: nobody,
    why: "weighing a new policy is a person's work",
  },
];

const ecs: readonly Permission[] = [
  {
    action: "ecs:DescribeClusters",
    on: "ecs-cluster",
    roles: planners,
    why: "see whether the cluster is there",
  },
  { action: "ecs:DescribeServices", on: "ecs-service", roles: planners, why: "see what runs, and follow it" },
  {
    action: "ecs:DescribeTaskDefinition",
    on: "any",
    roles: planners,
    why: "read the running task definition, which the new one is a copy of",
  },
  {
    action: "ecs:RegisterTaskDefinition",
    on: "task-family",
    roles: deployers,
    why: "a revision with the new image",
  },
  {
    action: "ecs:TagResource",
    on: "task-family-made",
    roles: deployers,
    why: "keep the tags of the revision that was copied",
  },
  { action: "ecs:UpdateService", on: "ecs-service", roles: deployers, why: "move a service to a revision" },
  {
    action: "ecs:ListServiceDeployments",
    on: "ecs-service",
    roles: deployers,
    why: "find the deployment that was begun",
  },
  {
    action: "ecs:DescribeServiceDeployments",
    on: ["ecs-service", "ecs-service-deployment"],
    roles: deployers,
    why: "follow the deployment, its circuit breaker and its alarms",
  },
  {
    action: "ecs:DescribeServiceRevisions",
    on: ["ecs-service", "ecs-service-revision"],
    roles: deployers,
    why: "see which image a deployment runs",
  },
  {
    action: "ecs:StopServiceDeployment",
    on: ["ecs-service", "ecs-service-deployment"],
    roles: deployers,
    why: "call a deployment back",
  },
  {
    action: "ecs:ListTasks",
    on: "ecs-tasks-of-cluster",
    roles: deployers,
    why: "find the tasks of a service",
  },
  {
    action: "ecs:DescribeTasks",
    on: "ecs-task",
    roles: deployers,
    why: "prove which digest runs; say why a task stopped",
  },
  {
    action: "ecs:DescribeContainerInstances",
    on: "ecs-tasks-of-cluster",
    roles: deployers,
    why: "which instance a task without an address of its own is on, as its load balancer knows it",
  },
  {
    action: "ecs:RunTask",
    on: "task-family-in-cluster",
    roles: deployers,
    why: "one-off tasks before a move",
  },
  { action: "ecs:StopTask", on: "ecs-task", roles: deployers, why: "end a one-off task that takes too long" },
  { action: "ecs:ListClusters", on: "any", roles: nobody, why: "slipway init looks for what is live" },
  { action: "ecs:ListServices", on: "any", roles: nobody, why: "slipway init looks for what is live" },
  {
    action: "ecs:ListTaskDefinitions",
    on: "any",
    roles: deployers,
    why: "find the revision that ran before",
  },
];

const lambda: readonly Permission[] = [
  {
    action: "lambda:GetFunction",
    on: "function",
    roles: planners,
    why: "see what a function runs, and wait for its updates",
  },
  {
    action: "lambda:GetFunctionConfiguration",
    on: "function",
    roles: planners,
    why: "see what a version runs",
  },
  { action: "lambda:GetAlias", on: "function", roles: planners, why: "see which version callers get" },
  {
    action: "lambda:ListVersionsByFunction",
    on: "function",
    roles: planners,
    why: "find the version of an image",
  },
  { action: "lambda:ListAliases", on: "function", roles: planners, why: "see which versions are in use" },
  {
    action: "lambda:CreateFunction",
    on: "function",
    roles: deployers,
    why: "where the catalogue says create",
  },
  { action: "lambda:UpdateFunctionCode", on: "function", roles: deployers, why: "the new image" },
  { action: "lambda:PublishVersion", on: "function", roles: deployers, why: "a version of it" },
  { action: "lambda:CreateAlias", on: "function", roles: deployers, why: "the alias of a new function" },
  {
    action: "lambda:UpdateAlias",
    on: "function",
    roles: deployers,
    why: "move callers, at once or in steps",
  },
  {
    action: "lambda:InvokeFunction",
    on: "function",
    roles: deployers,
    why: "check a version before callers get it",
    calls: ["Invoke"],
  },
  {
    action: "lambda:PutProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "the new version is as warm as the old one",
  },
  {
    action: "lambda:GetProvisionedConcurrencyConfig",
    on: "function",
    roles: planners,
    why: "see how warm a version is kept",
  },
  {
    action: "lambda:ListProvisionedConcurrencyConfigs",
    on: "function",
    roles: planners,
    why: "see how warm a version is kept",
  },
  {
    action: "lambda:DeleteProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "the old version need not be warm any more",
  },
  {
    action: "lambda:DeleteFunction",
    on: "function-version",
    roles: deployers,
    why: "versions beyond keepVersions, and never a function itself",
  },
  { action: "lambda:ListFunctions", on: "any", roles: nobody, why: "slipway init looks for what is live" },
];

const evidence: readonly Permission[] = [
  {
    action: "logs:GetLogEvents",
    on: "log-group",
    roles: deployers,
    why: "the last lines of a task that stopped",
  },
  { action: "logs:FilterLogEvents", on: "log-group", roles: deployers, why: "slipway logs" },
  { action: "logs:DescribeLogStreams", on: "log-group", roles: deployers, why: "find the stream of a task" },
  { action: "logs:StartLiveTail", on: "log-group", roles: nobody, why: "following logs is a person's work" },
  {
    action: "cloudwatch:DescribeAlarms",
    on: "alarm",
    roles: deployers,
    why: "alarms that call a deployment back",
  },
  {
    action: "cloudwatch:GetMetricData",
    on: "any",
    roles: deployers,
    why: "errors of a function's new version while callers move to it",
    calls: ["GetMetricData", "GetMetricStatistics"],
  },
  {
    action: "elasticloadbalancing:DescribeTargetHealth",
    on: "any",
    roles: deployers,
    why: "targets of the load balancer are healthy",
  },
  {
    action: "elasticloadbalancing:DescribeTargetGroups",
    on: "any",
    roles: deployers,
    why: "which health check the load balancer makes",
  },
  {
    action: "elasticloadbalancing:DescribeLoadBalancers",
    on: "any",
    roles: deployers,
    why: "the address for a smoke check",
  },
  {
    action: "elasticloadbalancing:DescribeListeners",
    on: "any",
    roles: deployers,
    why: "the address for a smoke check",
  },
  {
    action: "elasticloadbalancing:DescribeRules",
    on: "any",
    roles: deployers,
    why: "which listener leads to a service",
  },
  { action: "secretsmanager:DescribeSecret", on: "secret", roles: deployers, why: "secrets of a task exist" },
  { action: "ssm:GetParameters", on: "parameter", roles: deployers, why: "parameters of a task exist" },
];

const identity: readonly Permission[] = [
  {
    action: "sts:GetCallerIdentity",
    on: "any",
    roles: all,
    why: "hold the credentials against the account guard; AWS never refuses it",
  },
  {
    action: "iam:PassRole",
    on: ["task-role", "function-role"],
    roles: deployers,
    why: "the roles that tasks and new functions run with, to ECS and to Lambda",
  },
  {
    action: "iam:GetRole",
    on: "passable-role",
    roles: deployers,
    why: "those roles exist, and trust who runs them",
  },
  {
    action: "iam:SimulatePrincipalPolicy",
    on: "own-role",
    roles: all,
    why: "slipway doctor --ci says what is missing",
  },
];

const state: readonly Permission[] = [
  {
    action: "s3:ListBucket",
    on: "state-bucket",
    roles: pushers,
    why: "Pulumi's state, which a build writes",
  },
  { action: "s3:GetObject", on: "state-object", roles: pushers, why: "Pulumi's state" },
  { action: "s3:PutObject", on: "state-object", roles: pushers, why: "Pulumi's state" },
  {
    action: "s3:DeleteObject",
    on: "state-object",
    roles: pushers,
    why: "Pulumi's lock, and what it replaces",
  },
  {
    action: "kms:Decrypt",
    on: "state-key",
    roles: pushers,
    why: "secrets in the stack's settings and state",
  },
  { action: "kms:Encrypt", on: "state-key", roles: pushers, why: "secrets in the stack's state" },
];

/**
 * Everything that Slipway asks of AWS, and which role of CI may. The roles' policies, `doctor --ci` and
 * docs/ci.md are made of it; a test holds it against the calls in `runner/`.
 */
export const permissions: readonly Permission[] = [
  ...registry,
  ...ecs,
  ...lambda,
  ...evidence,
  ...identity,
  ...state,
];

/** The permissions of a role. Pure. */
export function permissionsOf(role: GithubRole): readonly Permission[] {
  return permissions.filter(({ roles }) => roles.includes(role));
}

/** The kinds of resources that a permission is cut to. Pure. */
export function kindsOf({ on }: Permission): readonly ResourceKind[] {
  return typeof on === "string" ? [on] : on;
}
