import type { TargetDeclaration } from "../target.ts";
import { ecsStackAlarms } from "./alarms.ts";
import { joinEcsTargets } from "./join.ts";
import { ecsPermissions } from "./permissions.ts";
import { ecsProblems } from "./problems.ts";
import { type EcsResource, ecsResources } from "./resources.ts";
import {
  clusterName,
  type EcsTarget,
  ecsTargetSchema,
  resolveEcsTarget,
  type WrittenEcsTarget,
} from "./target.ts";

/** ECS services, as services.yaml and the roles of CI describe them. */
export const ecsDeclaration: TargetDeclaration<WrittenEcsTarget, EcsTarget, EcsResource> = {
  kind: "ecs",
  schema: ecsTargetSchema,
  resolve: resolveEcsTarget,
  identity: (target) => `${clusterName(target)}/${target.service}`,
  join: joinEcsTargets,
  containers: (target) =>
    Object.entries(target.containers).map(([name, service]) => ({
      name,
      service,
      isOwn: name === target.container,
    })),
  problems: ecsProblems,
  stackAlarms: ecsStackAlarms,
  permissions: ecsPermissions,
  resources: ecsResources,
  passedRoles: ["task-role", "service-role"],
  passableRoles: (_targets, { taskRoles }) => taskRoles,
  logGroups: () => [],
};
