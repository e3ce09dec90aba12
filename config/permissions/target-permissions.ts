import { deployers, nobody, type Permission, planners } from "./permission.ts";

/** What moving and watching ECS services takes. */
export const ecs: readonly Permission[] = [
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

/** What moving and watching Lambda functions takes. */
export const lambda: readonly Permission[] = [
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

/** What tells how they fare: logs, alarms, load balancers, and what tasks need. */
export const evidence: readonly Permission[] = [
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
