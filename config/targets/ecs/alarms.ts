import type { StackAlarms } from "../target.ts";
import type { EcsAlarmSettings } from "./alarm-settings.ts";
import type { EcsTarget } from "./target.ts";

/** What ECS services need of a stack's alarm settings. */
export type WithEcsAlarms = { readonly ecs: EcsAlarmSettings };

/** Placeholder in `deploymentAlarms.alarms` for all alarms that the stack declares for the service. */
export const ofStack = "stack";

/** Name prefix of a service's ECS alarms: `ui`; `ui-2` for its second ECS target. */
export function ecsAlarmPrefix(service: string, index: number): string {
  return index === 0 ? service : `${service}-${index + 1}`;
}

/** The alarms that infra/targets/ecs/alarms.ts makes: who deploys knows their names without asking Pulumi. */
export function ecsAlarmNames(service: string, index: number, { ecs }: WithEcsAlarms): string[] {
  if (!ecs.enabled) return [];
  const measures = ["cpu", "memory", ...(ecs.minimumRunningTasks === 0 ? [] : ["running-tasks"])];
  return measures.map((measure) => `${ecsAlarmPrefix(service, index)}-${measure}`);
}

/** `deploymentAlarms.alarms: [stack]` of an ECS target. */
export const ecsStackAlarms: StackAlarms<EcsTarget> = {
  names: ecsAlarmNames,
  areNamed: ({ deploymentAlarms }) => deploymentAlarms?.alarms.includes(ofStack) ?? false,
  withNames(target, names) {
    const { deploymentAlarms } = target;
    if (deploymentAlarms === undefined) return target;
    const alarms = deploymentAlarms.alarms.flatMap((name) => (name === ofStack ? names() : [name]));
    return { ...target, deploymentAlarms: { ...deploymentAlarms, alarms: [...new Set(alarms)] } };
  },
};
