import { clusterName, type EcsTarget } from "../../../config/targets/ecs/target.ts";
import { type EventSource, inParts } from "../../alarms/event-source.ts";
import type { DeploymentEvents } from "../target.ts";

/** Failed deployments of ECS services; none when there are no services. */
export function ecsDeploymentEvents(targets: readonly EcsTarget[]): DeploymentEvents[] {
  if (targets.length === 0) return [];
  const suffixes = targets.map((target) => `:service/${clusterName(target)}/${target.service}`);
  return [
    {
      source: failedDeployments(suffixes),
      metric: "FailedDeployments",
      meaning: "ECS stopped a failed deployment, or rolled it back",
    },
  ];
}

/** Sent for services with the deployment circuit breaker on. */
function failedDeployments(suffixes: readonly string[]): EventSource {
  return {
    name: "failed-deployments",
    description: "Failed ECS deployments",
    patterns: inParts(suffixes).map((parts) => ({
      source: ["aws.ecs"],
      "detail-type": ["ECS Deployment State Change"],
      resources: parts.map((suffix) => ({ suffix })),
      detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
    })),
    counts: [
      {
        metric: "FailedDeployments",
        filter:
          '{ ($.detail-type = "ECS Deployment State Change") && ($.detail.eventName = "SERVICE_DEPLOYMENT_FAILED") }',
        value: "1",
      },
    ],
  };
}
