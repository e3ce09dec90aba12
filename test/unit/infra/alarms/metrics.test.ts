import { expect, test } from "vitest";
import { dashboardBody } from "../../../../infra/alarms/dashboard.ts";
import type { AlarmDefinition } from "../../../../infra/alarms/definition.ts";
import { eventAlarms } from "../../../../infra/alarms/event-alarms.ts";
import { loadBalancerAlarms } from "../../../../infra/alarms/load-balancer.ts";
import { ecsAlarms } from "../../../../infra/targets/ecs/alarms.ts";
import { lambdaAlarms } from "../../../../infra/targets/lambda/alarms.ts";
import { service, settingsOf } from "./stack.ts";

const arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333";
const services = [service("ui", { kind: "ecs" }), service("checkout", { kind: "lambda" })];
const settings = settingsOf({
  "slipway:alarms": {
    loadBalancers: [
      {
        loadBalancer: `${arn}:loadbalancer/app/shop/50dc6c495c0c9188`,
        targetGroups: [`${arn}:targetgroup/ui/73e2d6bc24d8a067`],
      },
    ],
  },
});

/** Metrics that AWS publishes, with the dimensions it publishes them under; from each service's guide. */
const published: Record<string, { names: string[]; dimensions: string[] }[]> = {
  "AWS/ECS": [{ names: ["CPUUtilization", "MemoryUtilization"], dimensions: ["ClusterName", "ServiceName"] }],
  "AWS/Lambda": [
    { names: ["Errors", "Throttles", "Duration", "Invocations"], dimensions: ["FunctionName", "Resource"] },
  ],
  "AWS/ApplicationELB": [
    {
      names: ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime", "RequestCount"],
      dimensions: ["LoadBalancer"],
    },
    { names: ["HealthyHostCount"], dimensions: ["LoadBalancer", "TargetGroup"] },
  ],
  "AWS/ECR": [{ names: ["RepositoryPullCount"], dimensions: ["RepositoryName"] }],
};

const isPublished = (namespace: string, name: string, dimensions: readonly string[]) =>
  (published[namespace] ?? []).some(
    (metric) => metric.names.includes(name) && metric.dimensions.join() === [...dimensions].sort().join(),
  );

const alarms = [
  ...ecsAlarms(services, settings.alarms),
  ...lambdaAlarms(services, settings.alarms),
  ...loadBalancerAlarms(settings.alarms),
];

test("every alarm looks at a metric that AWS publishes, under its dimensions", () => {
  expect(alarms.map((alarm) => alarm.name)).toEqual([
    "ui-cpu",
    "ui-memory",
    "ui-running-tasks",
    "checkout-errors",
    "checkout-throttles",
    "checkout-duration",
    "shop-target-5xx",
    "shop-elb-5xx",
    "shop-latency",
    "shop-ui-healthy-hosts",
  ]);
  for (const { name, metric } of alarms) {
    expect([name, isPublished(metric.namespace, metric.name, Object.keys(metric.dimensions))]).toEqual([
      name,
      true,
    ]);
  }
});

test("the dashboard shows metrics that AWS publishes, or that the stack makes, within the grid", () => {
  const body = JSON.parse(dashboardBody(services, settings, alarms, { "ui-cpu": "arn:alarm" })) as {
    widgets: { x: number; y: number; width: number; type: string; properties: { metrics?: string[][] } }[];
  };
  expect(body.widgets[0]).toMatchObject({ type: "alarm", properties: { alarms: ["arn:alarm"] } });
  for (const { x, width, properties } of body.widgets) {
    expect(x + width).toBeLessThanOrEqual(24);
    for (const [namespace = "", name = "", ...pairs] of properties.metrics ?? []) {
      const dimensions = pairs.filter((_, index) => index % 2 === 0);
      expect([namespace, name, isPublished(namespace, name, dimensions)]).toEqual([namespace, name, true]);
    }
  }
});

test.each([1, 24, 25, 50, 200, 500])("a dashboard of %i services is one that CloudWatch takes", (count) => {
  for (const kind of ["ecs", "lambda"] as const) {
    const many = Array.from({ length: count }, (_, index) => service(`service-${index}`, { kind }));
    const definitions = [
      ...eventAlarms(many, settings),
      ...ecsAlarms(many, settings.alarms),
      ...lambdaAlarms(many, settings.alarms),
    ];
    const arns = Object.fromEntries(
      definitions.map(({ name }) => [name, `arn:aws:cloudwatch:eu-central-1:111122223333:alarm:${name}`]),
    );
    const { widgets } = JSON.parse(dashboardBody(many, settings, definitions, arns)) as {
      widgets: { properties: { title?: string; alarms?: string[]; metrics?: string[][] } }[];
    };
    const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
    expect(shown).toEqual(Object.values(arns));
    // "The array can have 1-100 ARNs"; 500 metrics in a graph, 2,500 and 500 widgets on a dashboard.
    for (const { properties } of widgets) {
      if (properties.alarms !== undefined) expect(properties.alarms.length).toBeLessThanOrEqual(100);
      expect(properties.metrics?.length ?? 0).toBeLessThanOrEqual(500);
    }
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    expect(metrics.length).toBeLessThanOrEqual(2500);
    expect(widgets.length).toBeLessThanOrEqual(500);
    expect(JSON.stringify(widgets).includes("Omitted")).toBe(count === 500 && kind === "lambda");
  }
});

test("no data means that tasks and hosts are gone, and that nothing went wrong elsewhere", () => {
  expect(namesOf(alarms.filter((alarm) => alarm.noDataMeans === "down"))).toEqual([
    "ui-running-tasks",
    "shop-ui-healthy-hosts",
  ]);
});

test("an alarm's dimensions are the last part of a balancer's ARN, as CloudWatch has them", () => {
  expect(alarms.find((alarm) => alarm.name === "shop-ui-healthy-hosts")?.metric.dimensions).toEqual({
    LoadBalancer: "app/shop/50dc6c495c0c9188",
    TargetGroup: "targetgroup/ui/73e2d6bc24d8a067",
  });
});

test("running tasks are not watched where none have to run", () => {
  const asleep = settingsOf({ "slipway:alarms": { ecs: { minimumRunningTasks: 0 } } });
  expect(namesOf(ecsAlarms(services, asleep.alarms))).toEqual(["ui-cpu", "ui-memory"]);
});

function namesOf(definitions: readonly AlarmDefinition[]): string[] {
  return definitions.map((definition) => definition.name);
}
