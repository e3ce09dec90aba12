import type { Service } from "./catalogue/catalogue.ts";
import type { Settings } from "./stack/settings.ts";

/**
 * What the names of everything begin with that a stack has one of: `slipway-dev`.
 *
 * @param project name of the Pulumi project
 */
export function stackResourceName(project: string, stack: string): string {
  return `${project}-${stack}`.replaceAll(/[^A-Za-z0-9_-]/g, "-");
}

/** An alarm's name in CloudWatch, from its name in the stack. */
export function cloudWatchAlarmName(stackName: string, alarm: string): string {
  return `${stackName}-${alarm}`;
}

/** What the names of a service's ECS alarms begin with: `ui`; of its second ECS target `ui-2`. */
export function ecsAlarmPrefix(service: string, index: number): string {
  return index === 0 ? service : `${service}-${index + 1}`;
}

/**
 * Names in CloudWatch of the alarms that a stack has for one ECS target of a service. The program names
 * them so (infra/alarms/ecs.ts), and who deploys knows them without asking it.
 *
 * @param index of the target among the service's ECS targets
 * @returns none when the stack has such alarms switched off
 */
export function ecsAlarmNames(
  stackName: string,
  service: Service,
  index: number,
  { alarms }: Pick<Settings, "alarms">,
): string[] {
  if (!alarms.ecs.enabled) return [];
  const kinds = ["cpu", "memory", ...(alarms.ecs.minimumRunningTasks === 0 ? [] : ["running-tasks"])];
  const prefix = ecsAlarmPrefix(service.name, index);
  return kinds.map((kind) => cloudWatchAlarmName(stackName, `${prefix}-${kind}`));
}
