import { nobody, type Permission, type SharedResource } from "../targets/permission.ts";

const forLifecycle = "find what may start an image, for `slipway lifecycle`, `cleanup` and `images --in-use`";

/** Permissions to search an account for images in use beyond what targets run. Without one, that is a blind spot. */
export const inUsePermissions: readonly Permission<SharedResource>[] = [
  {
    action: "ecs:ListTaskDefinitions",
    on: "any",
    roles: nobody,
    why: "find the newest revisions of families in use, for `slipway lifecycle`, `cleanup` and `images --in-use`",
  },
  { action: "events:ListEventBuses", on: "any", roles: nobody, why: forLifecycle },
  { action: "events:ListRules", on: "any", roles: nobody, why: forLifecycle },
  { action: "events:ListTargetsByRule", on: "event-rule", roles: nobody, why: forLifecycle },
  { action: "scheduler:ListSchedules", on: "any", roles: nobody, why: forLifecycle },
  { action: "scheduler:GetSchedule", on: "schedule", roles: nobody, why: forLifecycle },
  { action: "batch:DescribeJobDefinitions", on: "any", roles: nobody, why: forLifecycle },
  { action: "codebuild:ListProjects", on: "any", roles: nobody, why: forLifecycle },
  { action: "codebuild:BatchGetProjects", on: "codebuild-project", roles: nobody, why: forLifecycle },
  { action: "sagemaker:ListModels", on: "any", roles: nobody, why: forLifecycle },
  { action: "sagemaker:DescribeModel", on: "sagemaker-model", roles: nobody, why: forLifecycle },
  { action: "apprunner:ListServices", on: "any", roles: nobody, why: forLifecycle },
  { action: "apprunner:DescribeService", on: "apprunner-service", roles: nobody, why: forLifecycle },
  {
    action: "inspector2:ListCoverage",
    on: "any",
    roles: nobody,
    why: `${forLifecycle}, if slipway:scanning.mode is enhanced`,
  },
];
