import type { Service } from "../../../config/catalogue/catalogue.ts";
import type { AlarmSettings } from "../../../config/settings.ts";
import { ecsAlarmPrefix } from "../../../config/targets/ecs/alarms.ts";
import { ecsDeclaration } from "../../../config/targets/ecs/kind.ts";
import { clusterName, type EcsTarget } from "../../../config/targets/ecs/target.ts";
import { targetsOfKind } from "../../../config/targets/kinds.ts";
import type { AlarmDefinition, Metric } from "../../alarms/definition.ts";

const minute = 60;

/**
 * CPU, memory and running tasks of each ECS service. All three come from AWS/ECS, to which every service
 * publishes; none needs Container Insights.
 */
export function ecsAlarms(services: readonly Service[], settings: AlarmSettings): AlarmDefinition[] {
  if (!settings.ecs.enabled) return [];
  const { cpuPercent, memoryPercent, minimumRunningTasks } = settings.ecs;
  return services.flatMap((service) => {
    const targets = targetsOfKind<EcsTarget>(ecsDeclaration, [service]);
    return targets.flatMap((target, index): AlarmDefinition[] => {
      const name = ecsAlarmPrefix(service.name, index);
      const title = `${clusterName(target)}/${target.service}`;
      const share = { statistic: "Average", periodSeconds: minute, periods: 5, fires: "above" } as const;
      return [
        {
          name: `${name}-cpu`,
          description: `${title} used more than ${cpuPercent} % of its CPU for five minutes`,
          metric: ecsMetric(target, "CPUUtilization"),
          ...share,
          threshold: cpuPercent,
          noDataMeans: "quiet",
        },
        {
          name: `${name}-memory`,
          description: `${title} used more than ${memoryPercent} % of its memory for five minutes`,
          metric: ecsMetric(target, "MemoryUtilization"),
          ...share,
          threshold: memoryPercent,
          noDataMeans: "quiet",
        },
        ...(minimumRunningTasks === 0
          ? []
          : [
              {
                name: `${name}-running-tasks`,
                description: `${title} had fewer than ${minimumRunningTasks} running tasks for five minutes`,
                // Every running task reports its CPU once a minute, so the number of samples is the
                // number of tasks. ECS/ContainerInsights has a RunningTaskCount, for money.
                // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html
                metric: ecsMetric(target, "CPUUtilization"),
                statistic: "SampleCount",
                periodSeconds: minute,
                periods: 5,
                fires: "below",
                threshold: minimumRunningTasks,
                noDataMeans: "down",
              } as const,
            ]),
      ];
    });
  });
}

/** A metric that ECS publishes for a service. */
export function ecsMetric(target: EcsTarget, name: "CPUUtilization" | "MemoryUtilization"): Metric {
  return {
    namespace: "AWS/ECS",
    name,
    dimensions: { ClusterName: clusterName(target), ServiceName: target.service },
  };
}
