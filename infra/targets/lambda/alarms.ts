import type { Service } from "../../../config/catalogue/catalogue.ts";
import type { AlarmSettings } from "../../../config/settings.ts";
import { targetsOfKind } from "../../../config/targets/kinds.ts";
import { lambdaDeclaration } from "../../../config/targets/lambda/kind.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { AlarmDefinition, Metric } from "../../alarms/definition.ts";

const fiveMinutes = 300;

/** Errors, throttles and duration of each function, of the alias that callers use. */
export function lambdaAlarms(services: readonly Service[], settings: AlarmSettings): AlarmDefinition[] {
  if (!settings.lambda.enabled) return [];
  const { errors, throttles, durationMilliseconds } = settings.lambda;
  return services.flatMap((service) => {
    const targets = targetsOfKind<LambdaTarget>(lambdaDeclaration, [service]);
    return targets.flatMap((target, index): AlarmDefinition[] => {
      const name = index === 0 ? service.name : `${service.name}-${index + 1}`;
      const title = `${target.function}:${target.alias}`;
      const rest = { periodSeconds: fiveMinutes, periods: 1, fires: "above", noDataMeans: "quiet" } as const;
      return [
        {
          name: `${name}-errors`,
          description: `${title} failed more than ${errors} times in five minutes`,
          metric: lambdaMetric(target, "Errors"),
          statistic: "Sum",
          threshold: errors,
          ...rest,
        },
        {
          name: `${name}-throttles`,
          description: `${title} was throttled more than ${throttles} times in five minutes`,
          metric: lambdaMetric(target, "Throttles"),
          statistic: "Sum",
          threshold: throttles,
          ...rest,
        },
        {
          name: `${name}-duration`,
          description: `${title}: one call in twenty took longer than ${durationMilliseconds} ms`,
          metric: lambdaMetric(target, "Duration"),
          statistic: "p95",
          threshold: durationMilliseconds,
          ...rest,
        },
      ];
    });
  });
}

/** A metric that Lambda publishes for an alias. */
export function lambdaMetric(
  target: LambdaTarget,
  name: "Errors" | "Throttles" | "Duration" | "Invocations",
): Metric {
  return {
    namespace: "AWS/Lambda",
    name,
    dimensions: { FunctionName: target.function, Resource: `${target.function}:${target.alias}` },
  };
}
