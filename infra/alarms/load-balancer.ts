import type { SharedAlarmSettings } from "../../config/stack/alarms.ts";
import type { AlarmDefinition, Metric } from "./definition.ts";

type LoadBalancer = SharedAlarmSettings["loadBalancers"][number];

const minute = 60;
const fiveMinutes = 300;

/** 5xx answers (by the targets, and by the balancer itself), latency and healthy hosts. */
export function loadBalancerAlarms(settings: SharedAlarmSettings): AlarmDefinition[] {
  return settings.loadBalancers.flatMap((balancer): AlarmDefinition[] => {
    const { serverErrors, latencySeconds, minimumHealthyHosts } = balancer;
    const name = nameIn(balancer.loadBalancer);
    const rest = { periodSeconds: fiveMinutes, periods: 1, fires: "above", noDataMeans: "quiet" } as const;
    return [
      {
        name: `${name}-target-5xx`,
        description: `${name}: targets returned more than ${serverErrors} 5xx responses in five minutes`,
        metric: loadBalancerMetric(balancer, "HTTPCode_Target_5XX_Count"),
        statistic: "Sum",
        threshold: serverErrors,
        ...rest,
      },
      {
        name: `${name}-elb-5xx`,
        description: `${name}: the load balancer itself returned more than ${serverErrors} 5xx responses in five minutes`,
        metric: loadBalancerMetric(balancer, "HTTPCode_ELB_5XX_Count"),
        statistic: "Sum",
        threshold: serverErrors,
        ...rest,
      },
      {
        name: `${name}-latency`,
        description: `${name}: one response in twenty took longer than ${latencySeconds} s`,
        metric: loadBalancerMetric(balancer, "TargetResponseTime"),
        statistic: "p95",
        threshold: latencySeconds,
        ...rest,
      },
      ...balancer.targetGroups.map(
        (group) =>
          ({
            name: `${name}-${nameIn(group)}-healthy-hosts`,
            description: `${nameIn(group)} had fewer than ${minimumHealthyHosts} healthy targets for three minutes`,
            metric: healthyHostsMetric(balancer, group),
            statistic: "Minimum",
            periodSeconds: minute,
            periods: 3,
            fires: "below",
            threshold: minimumHealthyHosts,
            noDataMeans: "down",
          }) as const,
      ),
    ];
  });
}

/** A metric that a balancer publishes for itself. */
export function loadBalancerMetric(
  balancer: LoadBalancer,
  name: "HTTPCode_Target_5XX_Count" | "HTTPCode_ELB_5XX_Count" | "TargetResponseTime" | "RequestCount",
): Metric {
  return {
    namespace: "AWS/ApplicationELB",
    name,
    dimensions: { LoadBalancer: dimension(balancer.loadBalancer) },
  };
}

function healthyHostsMetric(balancer: LoadBalancer, group: string): Metric {
  return {
    namespace: "AWS/ApplicationELB",
    name: "HealthyHostCount",
    dimensions: { LoadBalancer: dimension(balancer.loadBalancer), TargetGroup: dimension(group) },
  };
}

/** `app/name/id` or `targetgroup/name/id`: the part of an ARN that CloudWatch uses as a dimension. */
function dimension(arn: string): string {
  const resource = arn.slice(arn.lastIndexOf(":") + 1);
  return resource.replace(/^loadbalancer\//, "");
}

/** The name of a load balancer or target group. */
function nameIn(arn: string): string {
  return arn.split("/").at(-2) ?? arn;
}
