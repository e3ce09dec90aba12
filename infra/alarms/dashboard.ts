import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import type { Settings } from "../../config/stack/settings.ts";
import { targetsOfKind } from "../../config/targets/kinds.ts";
import { targetInfrastructure } from "../targets/kinds.ts";
import type { AlarmDefinition, Metric } from "./definition.ts";
import { eventNamespace } from "./events.ts";
import { loadBalancerMetric } from "./load-balancer.ts";

/** A widget without its place: they are laid out in rows of the grid's 24 columns. */
interface Widget {
  readonly type: "alarm" | "metric";
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The body of the stack's dashboard: the state of all alarms, then what they look at: registry, targets
 * and load balancers.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function dashboardBody(
  services: readonly Service[],
  settings: Settings,
  definitions: readonly AlarmDefinition[],
  alarmArns: Readonly<Record<string, string>>,
): string {
  const { region } = settings.aws;
  const graph = (title: string, stat: string, metrics: readonly Metric[]): Widget[] =>
    metrics.length === 0
      ? []
      : [
          {
            type: "metric",
            width: 8,
            height: 6,
            properties: {
              title,
              region,
              stat,
              period: 300,
              view: "timeSeries",
              metrics: metrics.map(metricRow),
            },
          },
        ];
  const ofTargets = targetInfrastructure.flatMap((kind) => kind.graphs(targetsOfKind(kind, services)));
  const balancers = settings.alarms.loadBalancers;
  const ofStack = definitions
    .map((definition) => definition.metric)
    .filter((metric) => metric.namespace === eventNamespace(settings.stack));
  const pulls = services.map((service) => ({
    namespace: "AWS/ECR",
    name: "RepositoryPullCount",
    dimensions: { RepositoryName: repositoryName(settings, service) },
  }));
  const arns = Object.values(alarmArns);
  return JSON.stringify({
    widgets: place([
      ...(arns.length === 0
        ? []
        : [
            {
              type: "alarm" as const,
              width: 24,
              height: 4,
              properties: { title: `Alarms of ${settings.stack}`, alarms: arns },
            },
          ]),
      ...graph(
        "Findings, failed scans, failed deployments",
        "Sum",
        ofStack.filter((metric) => metric.name !== "Pushes"),
      ),
      ...graph(
        "Manifests pushed",
        "Sum",
        ofStack.filter((metric) => metric.name === "Pushes"),
      ),
      ...graph("Pulls", "Sum", pulls),
      ...ofTargets.flatMap(({ title, statistic, metrics }) => graph(title, statistic, metrics)),
      ...graph(
        "Load balancers: requests, 5xx",
        "Sum",
        balancers.flatMap((balancer) =>
          (["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"] as const).map((name) =>
            loadBalancerMetric(balancer, name),
          ),
        ),
      ),
      ...graph(
        "Load balancers: latency, 95th percentile",
        "p95",
        balancers.map((balancer) => loadBalancerMetric(balancer, "TargetResponseTime")),
      ),
    ]),
  });
}

/** A metric as dashboards have it: namespace, name, then dimensions by twos. */
function metricRow(metric: Metric): readonly string[] {
  return [metric.namespace, metric.name, ...Object.entries(metric.dimensions).flat()];
}

const columns = 24;

/** Gives each widget its place, from left to right, in rows. */
function place(widgets: readonly Widget[]): (Widget & { readonly x: number; readonly y: number })[] {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  return widgets.map((widget) => {
    if (x + widget.width > columns) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const placed = { ...widget, x, y };
    x += widget.width;
    rowHeight = Math.max(rowHeight, widget.height);
    return placed;
  });
}
