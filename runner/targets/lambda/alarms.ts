import type { AlarmType } from "@aws-sdk/client-cloudwatch";
import type { Problem } from "../../../config/problems/errors.ts";
import { didYouMean } from "../../../config/problems/nearest.ts";
import type { Clients } from "../../aws/clients.ts";

const alarmTypes: AlarmType[] = ["MetricAlarm", "CompositeAlarm"];

/** Names shown in "did you mean". */
const mostNames = 500;

/** An alarm as it stands; `reason` is CloudWatch's own words. */
export interface AlarmState {
  readonly name: string;
  readonly inAlarm: boolean;
  readonly reason: string | undefined;
}

/** Reads alarms by name, at most 100: one call. Those that do not exist are left out. */
export async function readAlarms(
  clients: Clients,
  names: readonly string[],
  signal: AbortSignal,
): Promise<AlarmState[]> {
  if (names.length === 0) return [];
  // Loaded on demand: most functions move without alarms.
  const { DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
  const { MetricAlarms = [], CompositeAlarms = [] } = await clients.cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: alarmTypes, MaxRecords: 100 }),
    { abortSignal: signal },
  );
  return [...MetricAlarms, ...CompositeAlarms].map((alarm) => ({
    name: alarm.AlarmName ?? "",
    inAlarm: alarm.StateValue === "ALARM",
    reason: alarm.StateReason,
  }));
}

/** `alarm shop-errors is in ALARM: Threshold Crossed…`; undefined when none is. */
export function describeAlarm(alarms: readonly AlarmState[]): string | undefined {
  const raised = alarms.filter(({ inAlarm }) => inAlarm);
  if (raised.length === 0) return undefined;
  return raised
    .map(({ name, reason }) => `alarm ${name} is in ALARM${reason === undefined ? "" : `: ${reason}`}`)
    .join("; ");
}

/** A problem for each missing alarm of a shift, with the nearest name. */
export async function missingAlarms(
  clients: Clients,
  names: readonly string[],
  where: string,
  signal: AbortSignal,
): Promise<Problem[]> {
  const found = await readAlarms(clients, names, signal);
  const missing = names.filter((name) => !found.some((alarm) => alarm.name === name));
  if (missing.length === 0) return [];
  const existing = await alarmNames(clients, signal);
  return missing.map((name) => ({
    code: "unknown-alarm",
    where,
    key: "shift.alarms",
    value: name,
    message: `there is no CloudWatch alarm "${name}" in ${clients.region}`,
    fix: didYouMean(name, existing),
  }));
}

async function alarmNames(clients: Clients, signal: AbortSignal): Promise<string[]> {
  const { paginateDescribeAlarms } = await import("@aws-sdk/client-cloudwatch");
  const names: string[] = [];
  const pages = paginateDescribeAlarms(
    { client: clients.cloudwatch },
    { AlarmTypes: alarmTypes },
    { abortSignal: signal },
  );
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    names.push(...[...MetricAlarms, ...CompositeAlarms].flatMap((alarm) => alarm.AlarmName ?? []));
    if (names.length >= mostNames) break;
  }
  return names;
}
