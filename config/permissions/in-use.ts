import { inspectors, type Permission, type SharedResource } from "../targets/permission.ts";

const forLifecycle = "find what may start an image, for `slipway lifecycle`, `cleanup` and `images --in-use`";

/** Permissions to search an account for images in use beyond what targets run. Without one, that is a blind spot. */
export const inUsePermissions: readonly Permission<SharedResource>[] = [
  {
    action: "ecs:ListTaskDefinitions",
    on: "any",
    roles: inspectors,
    why: "find the newest revisions of families in use, for `slipway lifecycle`, `cleanup` and `images --in-use`",
  },
  { action: "events:ListEventBuses", on: "any", roles: inspectors, why: forLifecycle },
  { action: "events:ListRules", on: "any", roles: inspectors, why: forLifecycle },
  { action: "events:ListTargetsByRule", on: "event-rule", roles: inspectors, why: forLifecycle },
  { action: "scheduler:ListSchedules", on: "any", roles: inspectors, why: forLifecycle },
  {
    action: "scheduler:GetSchedule",
    on: "schedule",
    roles: inspectors,
    why: forLifecycle,
    when: "the account has schedules",
  },
  { action: "batch:DescribeJobDefinitions", on: "any", roles: inspectors, why: forLifecycle },
  { action: "codebuild:ListProjects", on: "any", roles: inspectors, why: forLifecycle },
  {
    action: "codebuild:BatchGetProjects",
    on: "codebuild-project",
    roles: inspectors,
    why: forLifecycle,
    when: "the account has projects",
  },
  {
    action: "sagemaker:ListModels",
    on: "any",
    roles: inspectors,
    why: forLifecycle,
    when: "AWS has the service, as the local AWS of the tests does not",
  },
  {
    action: "sagemaker:DescribeModel",
    on: "sagemaker-model",
    roles: inspectors,
    why: forLifecycle,
    when: "AWS has the service, as the local AWS of the tests does not",
  },
  {
    action: "apprunner:ListServices",
    on: "any",
    roles: inspectors,
    why: forLifecycle,
    when: "AWS has the service, as the local AWS of the tests does not",
  },
  {
    action: "apprunner:DescribeService",
    on: "apprunner-service",
    roles: inspectors,
    why: forLifecycle,
    when: "AWS has the service, as the local AWS of the tests does not",
  },
  {
    action: "inspector2:ListCoverage",
    on: "any",
    roles: inspectors,
    why: forLifecycle,
    when: "slipway:scanning.mode is enhanced",
  },
];
