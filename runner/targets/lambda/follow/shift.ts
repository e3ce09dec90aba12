import type { LambdaShift } from "../../../../config/targets/lambda/target.ts";
import { poll, pollPolicy } from "../../poll.ts";
import { describeAlarm, readAlarms } from "../alarms.ts";
import { type AliasCourse, sendAlias } from "../alias.ts";
import type { FoundAlias } from "../state.ts";
import { type CheckFailure, checkVersion } from "./check.ts";
import { describeSteps, remainingSteps } from "./steps.ts";
import { type FunctionUpdate, renew } from "./until.ts";

/** Alarms are looked at every ten seconds: they are evaluated every ten at best, mostly every minute. */
const guardPolicy = { ...pollPolicy, firstMilliseconds: 1_000, longestMilliseconds: 10_000 };

const minute = 60_000;

/** How far a shift has come: what is said when it ends before its time. */
export interface ShiftProgress {
  /** Percent that the new version gets; undefined before the first step. */
  percent: number | undefined;
}

/**
 * Gives a version a growing part of the alias' invocations, and watches it: alarms, its errors, and the
 * target's invocation check after each step. The alias is left on the last step: the whole move is the
 * caller's, and so is putting it back.
 *
 * @returns what went wrong; undefined when every step went well
 */
export async function shiftAlias(
  update: FunctionUpdate,
  from: FoundAlias,
  version: string,
  shift: LambdaShift,
  progress: ShiftProgress,
  alias: AliasCourse,
): Promise<CheckFailure | undefined> {
  const { clock, signal } = update;
  const startedAt = new Date(clock.now());
  const guard = () => lookAtGuards(update, version, shift, startedAt);
  const before = await guard();
  if (before !== undefined) return { ...before, reason: `before the first step, ${before.reason}` };
  const steps = remainingSteps(shift.steps, from.weights[version]);
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    // Before the call: one that got no answer may have been carried out.
    progress.percent = step.percent;
    const weights = { [version]: step.percent / 100 };
    await sendAlias(renew(update), alias, { version: from.version, weights });
    update.progress(`version ${version} gets ${describeSteps(steps.slice(index))}`);
    const until = clock.now() + step.seconds * 1000;
    const failure =
      (await poll(guard, { clock, policy: guardPolicy, until, signal })) ??
      (await checkVersion(update, version));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function lookAtGuards(
  update: FunctionUpdate,
  version: string,
  shift: LambdaShift,
  since: Date,
): Promise<CheckFailure | undefined> {
  const { clients, signal } = update;
  const [alarms, errors] = await Promise.all([
    readAlarms(clients, shift.alarms, signal),
    shift.errorsAllowed === undefined ? 0 : countErrors(update, version, since),
  ]);
  const allowed = shift.errorsAllowed ?? 0;
  const reason =
    describeAlarm(alarms) ??
    (errors > allowed ? `version ${version} had ${errors} errors, and ${allowed} are allowed` : undefined);
  return reason === undefined ? undefined : { reason, evidence: [] };
}

/**
 * Errors of the version among what the alias sent to it, as CloudWatch has counted them: a minute or two
 * late. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
 */
async function countErrors({ clients, clock, signal, target }: FunctionUpdate, version: string, since: Date) {
  const { GetMetricStatisticsCommand } = await import("@aws-sdk/client-cloudwatch");
  // Points are kept by the minute that they began in; at most 1440 come in one answer.
  const from = Math.floor(since.getTime() / minute) * minute;
  const to = clock.now() + minute;
  const period = 60 * Math.ceil((to - from) / minute / 1440);
  const { Datapoints = [] } = await clients.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Dimensions: [
        { Name: "FunctionName", Value: target.function },
        { Name: "Resource", Value: `${target.function}:${target.alias}` },
        { Name: "ExecutedVersion", Value: version },
      ],
      StartTime: new Date(from),
      EndTime: new Date(to),
      Period: period,
      Statistics: ["Sum"],
    }),
    { abortSignal: signal },
  );
  return Datapoints.reduce((sum, point) => sum + (point.Sum ?? 0), 0);
}
