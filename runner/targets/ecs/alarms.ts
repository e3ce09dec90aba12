import type {
  DeploymentAlarms,
  DeploymentConfiguration,
  Service,
  ServiceDeployment,
} from "@aws-sdk/client-ecs";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { Gate } from "../gate.ts";
import type { FieldChange, TargetOutcome } from "../target.ts";

/** The name of their change in a plan. */
export const alarmField = "deploymentConfiguration.alarms";

/** How the service's deployment alarms would change; undefined when they stay, or the target sets none. */
export function alarmChange(target: EcsTarget, service: Service): FieldChange | undefined {
  const { deploymentAlarms } = target;
  if (deploymentAlarms === undefined) return undefined;
  const before = describeAlarms(service.deploymentConfiguration?.alarms);
  const after = describeAlarms(alarmsOf(deploymentAlarms)) ?? "";
  return before === after ? undefined : { field: alarmField, before, after };
}

/**
 * The service's deployment configuration with the target's alarms and everything else unchanged; undefined
 * when nothing changes.
 */
export function configurationWithAlarms(
  target: EcsTarget,
  service: Service,
): DeploymentConfiguration | undefined {
  if (target.deploymentAlarms === undefined || alarmChange(target, service) === undefined) return undefined;
  return { ...service.deploymentConfiguration, alarms: alarmsOf(target.deploymentAlarms) };
}

function alarmsOf({ alarms, rollback }: NonNullable<EcsTarget["deploymentAlarms"]>): DeploymentAlarms {
  return { alarmNames: [...alarms], enable: true, rollback };
}

/** `ui-cpu, ui-memory; rolls back`; undefined when there are none. */
function describeAlarms(alarms: DeploymentAlarms | undefined): string | undefined {
  if (alarms?.enable !== true || (alarms.alarmNames ?? []).length === 0) return undefined;
  const names = [...(alarms.alarmNames ?? [])].sort().join(", ");
  return `${names}; ${alarms.rollback === true ? "rolls back" : "does not roll back"}`;
}

/** What a service's deployment alarms said of a deployment; nothing when it failed for another reason. */
export function alarmGates(
  service: Service,
  ours: ServiceDeployment | undefined,
  outcome: TargetOutcome["outcome"],
): Gate[] {
  const names = service.deploymentConfiguration?.alarms;
  if (describeAlarms(names) === undefined) return [];
  const gate = "deployment alarms" as const;
  const fired = ours?.alarms?.triggeredAlarmNames ?? [];
  if (fired.length > 0) return [{ gate, verdict: "failed", message: `${fired.join(", ")} fired` }];
  return outcome === "done"
    ? [{ gate, verdict: "passed", message: names?.alarmNames?.join(", ") ?? "" }]
    : [];
}
