import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { TargetInfrastructure } from "../target.ts";
import { ecsAlarms, ecsMetric } from "./alarms.ts";
import { ecsDeploymentEvents } from "./events.ts";

/** Alarms and graphs of ECS services. Tasks pull with the rights of their execution role. */
export const ecsInfrastructure: TargetInfrastructure<EcsTarget> = {
  kind: "ecs",
  alarms: ecsAlarms,
  graphs: (targets) => [
    {
      title: "ECS: CPU %",
      statistic: "Average",
      metrics: targets.map((target) => ecsMetric(target, "CPUUtilization")),
    },
    {
      title: "ECS: memory %",
      statistic: "Average",
      metrics: targets.map((target) => ecsMetric(target, "MemoryUtilization")),
    },
  ],
  failedDeployments: ecsDeploymentEvents,
  scannedResources: () => [],
  pullStatements: () => [],
};
