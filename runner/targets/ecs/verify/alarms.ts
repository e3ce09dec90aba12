import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import { check, type Finding } from "../../checks.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import type { ExistingService } from "../state.ts";

/** Checks that deployment alarms exist: ECS accepts an unknown name and watches nothing. */
export async function checkAlarms(
  target: EcsTarget,
  { service }: ExistingService,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const set = service.deploymentConfiguration?.alarms;
  const wanted = target.deploymentAlarms?.alarms ?? (set?.enable === true ? (set.alarmNames ?? []) : []);
  if (wanted.length === 0) return [];
  const { DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
  const good = `${wanted.join(", ")}: ${wanted.length === 1 ? "exists" : "exist"}`;
  const look = async (): Promise<Finding | undefined> => {
    const { MetricAlarms = [], CompositeAlarms = [] } = await clients.cloudwatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: [...wanted].slice(0, 100),
        AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
      }),
      { abortSignal: signal },
    );
    const found = [...MetricAlarms, ...CompositeAlarms];
    const missing = wanted.filter((alarm) => !found.some(({ AlarmName }) => AlarmName === alarm));
    if (missing.length > 0) {
      return {
        message: `the alarm does not exist: ${missing.join(", ")}`,
        fix: "correct the name, or create it; pulumi up makes the stack's own alarms",
      };
    }
    const firing = found.flatMap(({ AlarmName, StateValue }) => (StateValue === "ALARM" ? [AlarmName] : []));
    if (firing.length === 0) return undefined;
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    const message = `${firing.join(", ")} in ALARM: ECS watches none of them for a deployment that begins now`;
    return { state: "not checked", message };
  };
  return [await check("deployment alarms", good, signal, look)];
}
