import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { LogSource } from "../logs.ts";
import type { TargetContext } from "../target.ts";
import { getFunction } from "./function.ts";
import { lambdaTitle } from "./plan.ts";

/** Where a function logs to, all of its versions: one call. */
export async function logsOfLambda(
  serviceName: string,
  target: LambdaTarget,
  { clients, signal }: TargetContext,
): Promise<LogSource[]> {
  const about = { service: serviceName, title: lambdaTitle(target), kind: "lambda" as const };
  const found = await getFunction(clients, target.function, undefined, signal);
  if (found?.Configuration === undefined) {
    return [{ ...about, place: "elsewhere", description: `there is no function ${target.function}` }];
  }
  const own = `/aws/lambda/${target.function}`;
  const group = found.Configuration.LoggingConfig?.LogGroup ?? own;
  return [
    {
      ...about,
      place: "cloudwatch",
      group,
      streams: group === own ? { kind: "all" } : { kind: "function", name: target.function },
    },
  ];
}
