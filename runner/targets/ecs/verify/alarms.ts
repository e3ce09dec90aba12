import type { EcsTarget } from "../../../../config/catalogue.ts";
import { didYouMean } from "../../../../config/nearest.ts";
import { check } from "../../checks.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import type { FoundService } from "../state.ts";

/** Alarms that are to end a deployment exist: ECS takes a name that nobody has, and watches nothing. */
export async function checkAlarms(
  target: EcsTarget,
  { service }: FoundService,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const set = service.deploymentConfiguration?.alarms;
  const wanted = target.deploymentAlarms?.alarms ?? (set?.enable === true ? (set.alarmNames ?? []) : []);
  if (wanted.length === 0) return [];
  const { DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
  const name = "deployment alarms";
  return [
    await check(
      name,
      `${wanted.join(", ")}: ${wanted.length === 1 ? "exists" : "exist"}`,
      signal,
      async () => {
        const { MetricAlarms = [], CompositeAlarms = [] } = await clients.cloudwatch.send(
          new DescribeAlarmsCommand({
            AlarmNames: [...wanted].slice(0, 100),
            AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          }),
          { abortSignal: signal },
        );
        const there = [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName }) => AlarmName ?? "");
        const missing = wanted.filter((alarm) => !there.includes(alarm));
        if (missing.length === 0) return undefined;
        const near = missing.map((alarm) => didYouMean(alarm, there)).at(0);
        return {
          message: `there is no alarm ${missing.join(", ")}`,
          fix: there.length === 0 ? "create it: pulumi up makes the stack's own alarms" : (near ?? ""),
        };
      },
    ),
  ];
}
