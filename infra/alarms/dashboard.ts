import chunk from "es-toolkit/compat/chunk";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import { targetsOfKind } from "../../config/targets/kinds.ts";
import { targetInfrastructure } from "../targets/kinds.ts";
import type { AlarmDefinition, Metric } from "./definition.ts";
import { eventNamespace } from "./events.ts";
import { loadBalancerMetric } from "./load-balancer.ts";

/** A widget without a position: the layout puts widgets in rows of the grid's 24 columns. */
interface Widget {
  readonly type: "alarm" | "metric" | "text";
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The body of the stack's dashboard: the state of all alarms, then graphs of the registry, targets and load
 * balancers.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function dashboardBody(
  services: readonly Service[],
  settings: Settings,
  definitions: readonly AlarmDefinition[],
  alarmArns: Readonly<Record<string, string>>,
): string {
  const { region } = settings.aws;
  const title = `Alarms of ${settings.stack}`;
  const graph = (name: string, stat: string, metrics: readonly Metric[]): Widget[] =>
    chunk(metrics, metricsInWidget).map((some, index, { length }) => ({
      type: "metric",
      width: 8,
      height: 6,
      properties: {
        title: length === 1 ? name : `${name}, ${index + 1} of ${length}`,
        region,
        stat,
        period: 300,
        view: "timeSeries",
        metrics: some.map(metricRow),
      },
    }));
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
  const states = chunk(Object.values(alarmArns), alarmsInWidget);
  return JSON.stringify({
    widgets: place(
      withinDashboard([
        ...states.map((alarms, index) => ({
          type: "alarm" as const,
          width: columns,
          height: 4,
          properties: {
            title: states.length === 1 ? title : `${title}, ${index + 1} of ${states.length}`,
            alarms,
          },
        })),
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
        ...ofTargets.flatMap((one) => graph(one.title, one.statistic, one.metrics)),
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
    ),
  });
}

/** The most alarms in a widget of type alarm: "The array can have 1-100 ARNs". */
const alarmsInWidget = 100;

/**
 * The most metrics in a graph, and in all graphs of a dashboard.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
const metricsInWidget = 500;
const metricsInDashboard = 2500;

/** The widgets that fit on a dashboard, and a text that names the graphs that don't. */
function withinDashboard(widgets: readonly Widget[]): Widget[] {
  let room = metricsInDashboard;
  const fits = widgets.map(({ properties: { metrics } }) => {
    const needed = Array.isArray(metrics) ? metrics.length : 0;
    if (needed > room) return false;
    room -= needed;
    return true;
  });
  const leftOut = widgets
    .filter((_, index) => !fits[index])
    .map(({ properties }) => String(properties.title));
  const shown = widgets.filter((_, index) => fits[index]);
  if (leftOut.length === 0) return shown;
  const markdown = `Omitted, because a dashboard shows at most ${metricsInDashboard} metrics: ${leftOut.join("; ")}`;
  return [...shown, { type: "text", width: columns, height: 2, properties: { markdown } }];
}

/** A metric as dashboards have it: namespace, name, then dimensions by twos. */
function metricRow(metric: Metric): readonly string[] {
  return [metric.namespace, metric.name, ...Object.entries(metric.dimensions).flat()];
}

const columns = 24;

/** Positions the widgets in rows, from left to right. */
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
