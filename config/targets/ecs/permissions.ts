import { deployers, inspectors, type Permission, planners, type SharedResource } from "../permission.ts";
import type { EcsResource } from "./resources.ts";

/** Permissions to move and follow ECS services. */
export const ecsPermissions: readonly Permission<SharedResource | EcsResource>[] = [
  {
    action: "ecs:DescribeServices",
    on: "ecs-service",
    roles: [...planners, ...inspectors],
    why: "read services and deployments",
  },
  {
    action: "ecs:DescribeTaskDefinition",
    on: "any",
    roles: [...planners, ...inspectors],
    why: "read the current task definition, which the new revision copies",
  },
  {
    action: "ecs:RegisterTaskDefinition",
    on: "task-family",
    roles: deployers,
    why: "register a revision with the new image",
  },
  {
    action: "ecs:TagResource",
    on: ["task-family-made", "ecs-task-made"],
    roles: deployers,
    why: "copy the tags of the revision to the new one and its one-off tasks",
    by: "ECS requires it to create resources with tags",
  },
  { action: "ecs:UpdateService", on: "ecs-service", roles: deployers, why: "update a service to a revision" },
  {
    action: "ecs:ListServiceDeployments",
    on: "ecs-service",
    roles: deployers,
    why: "find the deployment that the update started",
  },
  {
    action: "ecs:DescribeServiceDeployments",
    on: ["ecs-service", "ecs-service-deployment"],
    roles: deployers,
    why: "follow the deployment, its circuit breaker and its alarms",
    when: "ECS lists deployments of the service, as the local AWS of the tests does not",
  },
  {
    action: "ecs:DescribeServiceRevisions",
    on: ["ecs-service", "ecs-service-revision"],
    roles: [...planners, ...inspectors],
    why: "see which image a service or a deployment runs",
    when: "ECS names revisions of the service, as the local AWS of the tests does not",
  },
  {
    action: "ecs:ListTasks",
    on: "ecs-tasks-of-cluster",
    roles: [...deployers, ...inspectors],
    why: "find the tasks of a service",
  },
  {
    action: "ecs:DescribeTasks",
    on: "ecs-task",
    roles: [...deployers, ...inspectors],
    why: "check which digest runs, and why a task stopped",
  },
  {
    action: "ecs:DescribeContainerInstances",
    on: "ecs-tasks-of-cluster",
    roles: deployers,
    why: "find the instance of a task that has no address of its own, for its load balancer's health (tasks on EC2 instances)",
  },
  {
    action: "ecs:RunTask",
    on: "task-family-in-cluster",
    roles: deployers,
    why: "run one-off tasks before an update",
  },
  {
    action: "ecs:StopTask",
    on: "ecs-task",
    roles: deployers,
    why: "stop a one-off task that takes too long",
  },
  {
    action: "ecs:ListClusters",
    on: "any",
    roles: inspectors,
    why: "slipway init looks for existing targets, `slipway lifecycle` and a person's deployment for what still runs an image",
  },
  {
    action: "ecs:ListServices",
    on: "any",
    roles: inspectors,
    why: "slipway init looks for existing targets, `slipway lifecycle` and a person's deployment for what still runs an image",
  },
  {
    action: "elasticloadbalancing:DescribeTargetHealth",
    on: "any",
    roles: deployers,
    why: "check the health of load balancer targets",
  },
  {
    action: "secretsmanager:DescribeSecret",
    on: "secret",
    roles: deployers,
    why: "check that a task's secrets exist",
    when: "its definition names secrets",
  },
  {
    action: "ssm:GetParameters",
    on: "parameter",
    roles: deployers,
    why: "check that a task's parameters exist",
    when: "its definition names parameters",
  },
];
