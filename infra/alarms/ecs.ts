import { ecsAlarmPrefix } from "../../config/alarm-names.ts";
import type { EcsTarget, Service } from "../../config/catalogue/catalogue.ts";
import type { AlarmSettings } from "../../config/stack/alarms.ts";
import type { AlarmDefinition, Metric } from "./definition.ts";

const minute = 60;

/**
 * CPU, memory and running tasks of each ECS service. All three from AWS/ECS, which every service
 * publishes; none needs Container Insights.
 */
export function ecsAlarms(services: readonly Service[], settings: AlarmSettings): AlarmDefinition[] {
  if (!settings.ecs.enabled) return [];
  const { cpuPercent, memoryPercent, minimumRunningTasks } = settings.ecs;
  return services.flatMap((service) => {
    const targets = service.targets.filter((target) => target.kind === "ecs");
    return targets.flatMap((target, index): AlarmDefinition[] => {
      const name = ecsAlarmPrefix(service.name, index);
      const title = `${clusterName(target)}/${target.service}`;
      const share = { statistic: "Average", periodSeconds: minute, periods: 5, fires: "above" } as const;
      return [
        {
          name: `${name}-cpu`,
          description: `${title} has used more than ${cpuPercent} % of its CPU for five minutes`,
          metric: ecsMetric(target, "CPUUtilization"),
          ...share,
          threshold: cpuPercent,
          noDataMeans: "quiet",
        },
        {
          name: `${name}-memory`,
          description: `${title} has used more than ${memoryPercent} % of its memory for five minutes`,
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
                description: `${title} has had fewer than ${minimumRunningTasks} running tasks for five minutes`,
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

/** The cluster's name, which may have been given as an ARN. */
export function clusterName(target: EcsTarget): string {
  return target.cluster.slice(target.cluster.lastIndexOf("/") + 1);
}
