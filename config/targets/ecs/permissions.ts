import { deployers, nobody, type Permission, planners, type SharedResource } from "../permission.ts";
import type { EcsResource } from "./resources.ts";

/** What moving and following ECS services calls. */
export const ecsPermissions: readonly Permission<SharedResource | EcsResource>[] = [
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
    on: ["task-family-made", "ecs-task-made"],
    roles: deployers,
    why: "keep the tags of the revision that was copied, on the new one and on its one-off tasks",
    by: "ECS asks for it when something is created with tags",
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
    action: "elasticloadbalancing:DescribeTargetHealth",
    on: "any",
    roles: deployers,
    why: "targets of the load balancer are healthy",
  },
  { action: "secretsmanager:DescribeSecret", on: "secret", roles: deployers, why: "secrets of a task exist" },
  { action: "ssm:GetParameters", on: "parameter", roles: deployers, why: "parameters of a task exist" },
];
