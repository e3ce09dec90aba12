import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { accountLike } from "../../../../infra/account.ts";
import { eventAlarms } from "../../../../infra/alarms/event-alarms.ts";
import { eventNamespace, eventSources, notAFailure } from "../../../../infra/alarms/events.ts";
import { field, matchesFilter, matchesPattern } from "./matching.ts";
import { service, settingsOf } from "./stack.ts";

type Event = Record<string, unknown> & { detail: Record<string, unknown>; resources: string[] };

const recorded = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "events", `${name}.json`), "utf8")) as Event;

/** Of the events recorded. */
const account = { id: "111122223333", region: "us-east-1", partition: "aws" };
const services = [service("ui", { kind: "ecs" }), service("checkout", { kind: "lambda" })];
const basic = settingsOf({});
const enhanced = settingsOf({ "slipway:scanning": { mode: "enhanced", lambda: true } });

/** What an event adds to which metrics: by rule, log and filter. */
function counted(settings: typeof basic, event: Event): Record<string, unknown> {
  const sources = eventSources(services, settings, account);
  const caught = sources.some((source) => source.patterns.some((pattern) => matchesPattern(pattern, event)));
  if (!caught) return {};
  return Object.fromEntries(
    sources
      .flatMap((source) => source.counts)
      .filter((count) => matchesFilter(count.filter, event))
      .map((count) => [count.metric, count.value === "1" ? 1 : field(event, count.value)]),
  );
}

describe("with basic scanning", () => {
  test("a completed scan counts its findings by severity", () => {
    expect(counted(basic, recorded("ecr-image-scan-complete"))).toEqual({ "Findings-CRITICAL": 10 });
  });

  test("a failed scan counts", () => {
    expect(counted(basic, recorded("ecr-image-scan-failed"))).toEqual({ FailedScans: 1 });
  });

  test("a scan without findings counts nothing", () => {
    const event = recorded("ecr-image-scan-complete");
    event.detail["finding-severity-counts"] = {};
    expect(counted(basic, event)).toEqual({});
  });

  test("events of Inspector count nothing", () => {
    expect(counted(basic, recorded("inspector2-finding"))).toEqual({});
  });
});

describe("with enhanced scanning", () => {
  test("an active finding counts", () => {
    expect(counted(enhanced, recorded("inspector2-finding"))).toEqual({ "Findings-CRITICAL": 1 });
  });

  test("a finding that is closed, or of a severity nobody asked for, does not", () => {
    const closed = recorded("inspector2-finding");
    closed.detail.status = "CLOSED";
    expect(counted(enhanced, closed)).toEqual({});
    const medium = recorded("inspector2-finding");
    medium.detail.severity = "MEDIUM";
    expect(counted(enhanced, medium)).toEqual({});
  });

  test("a finding in a function counts", () => {
    const event = recorded("inspector2-finding");
    event.detail.resources = [
      { type: "AWS_LAMBDA_FUNCTION", details: { awsLambdaFunction: { functionName: "shop-checkout" } } },
    ];
    expect(counted(enhanced, event)).toEqual({ "Findings-CRITICAL": 1 });
  });

  test("an image that could not be scanned counts", () => {
    expect(counted(enhanced, recorded("inspector2-coverage"))).toEqual({ FailedScans: 1 });
  });

  test("an image that nobody wants scanned, that is still to be scanned, or that is no image, does not", () => {
    const counts = (reason: string) => {
      const event = recorded("inspector2-coverage");
      event.detail.scanStatus = { reason, statusCodeValue: "INACTIVE" };
      return Object.keys(counted(enhanced, event)).length > 0;
    };
    expect(inspectorReasons.filter(counts)).toEqual(failures);
    expect(notAFailure.filter((reason) => !inspectorReasons.includes(reason))).toEqual([]);
  });
});

/** Values of ScanStatusReason in the model of inspector2 (botocore 1.44.8), in its order. */
const inspectorReasons = [
  "PENDING_INITIAL_SCAN ACCESS_DENIED INTERNAL_ERROR UNMANAGED_EC2_INSTANCE UNSUPPORTED_OS",
  "SCAN_ELIGIBILITY_EXPIRED RESOURCE_TERMINATED SUCCESSFUL NO_RESOURCES_FOUND IMAGE_SIZE_EXCEEDED",
  "SCAN_FREQUENCY_MANUAL SCAN_FREQUENCY_SCAN_ON_PUSH EC2_INSTANCE_STOPPED PENDING_DISABLE NO_INVENTORY",
  "STALE_INVENTORY EXCLUDED_BY_TAG UNSUPPORTED_RUNTIME UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_CONFIG_FILE",
  "DEEP_INSPECTION_PACKAGE_COLLECTION_LIMIT_EXCEEDED DEEP_INSPECTION_DAILY_SSM_INVENTORY_LIMIT_EXCEEDED",
  "DEEP_INSPECTION_COLLECTION_TIME_LIMIT_EXCEEDED DEEP_INSPECTION_NO_INVENTORY",
  "AGENTLESS_INSTANCE_STORAGE_LIMIT_EXCEEDED AGENTLESS_INSTANCE_COLLECTION_TIME_LIMIT_EXCEEDED",
  "PENDING_REVIVAL_SCAN INTEGRATION_CONNECTION_LOST ACCESS_DENIED_TO_ENCRYPTION_KEY UNSUPPORTED_LANGUAGE",
  "NO_SCAN_CONFIGURATION_ASSOCIATED SCAN_IN_PROGRESS IMAGE_ARCHIVED UNSUPPORTED_CODE_ARTIFACTS",
  "RESOURCE_UNMANAGED RESOURCE_STOPPED EXTRACTION_COLLECTION_TIME_LIMIT_EXCEEDED STORAGE_LIMIT_EXCEEDED",
  "INVALID_ARTIFACT",
].flatMap((line) => line.split(" "));

/** Those that leave something unknown that somebody wanted to know; all but five can't be said of an image. */
const failures = [
  "ACCESS_DENIED INTERNAL_ERROR UNMANAGED_EC2_INSTANCE IMAGE_SIZE_EXCEEDED EC2_INSTANCE_STOPPED",
  "NO_INVENTORY STALE_INVENTORY UNSUPPORTED_RUNTIME UNSUPPORTED_CONFIG_FILE",
  "DEEP_INSPECTION_PACKAGE_COLLECTION_LIMIT_EXCEEDED DEEP_INSPECTION_DAILY_SSM_INVENTORY_LIMIT_EXCEEDED",
  "DEEP_INSPECTION_COLLECTION_TIME_LIMIT_EXCEEDED DEEP_INSPECTION_NO_INVENTORY",
  "AGENTLESS_INSTANCE_STORAGE_LIMIT_EXCEEDED AGENTLESS_INSTANCE_COLLECTION_TIME_LIMIT_EXCEEDED",
  "INTEGRATION_CONNECTION_LOST ACCESS_DENIED_TO_ENCRYPTION_KEY UNSUPPORTED_LANGUAGE",
  "NO_SCAN_CONFIGURATION_ASSOCIATED UNSUPPORTED_CODE_ARTIFACTS RESOURCE_UNMANAGED RESOURCE_STOPPED",
  "EXTRACTION_COLLECTION_TIME_LIMIT_EXCEEDED STORAGE_LIMIT_EXCEEDED",
].flatMap((line) => line.split(" "));

describe("deployments and pushes", () => {
  test("a deployment that ECS gave up counts", () => {
    expect(counted(basic, recorded("ecs-deployment-failed"))).toEqual({ FailedDeployments: 1 });
  });

  test("one that succeeded, or of another service, does not", () => {
    const completed = recorded("ecs-deployment-failed");
    completed.detail.eventName = "SERVICE_DEPLOYMENT_COMPLETED";
    expect(counted(basic, completed)).toEqual({});
    const other = recorded("ecs-deployment-failed");
    other.resources = ["arn:aws:ecs:us-west-2:111122223333:service/shop-dev/other-ui"];
    expect(counted(basic, other)).toEqual({});
  });

  test("a push counts, by repository", () => {
    const event = recorded("ecr-image-action-push");
    expect(counted(basic, event)).toEqual({ Pushes: 1 });
    const [push] = eventSources(services, basic, account).flatMap((source) =>
      source.counts.filter(({ metric }) => metric === "Pushes"),
    );
    expect(
      Object.entries(push?.dimensions ?? {}).map(([name, selector]) => [name, field(event, selector)]),
    ).toEqual([["Repository", "shop/ui"]]);
  });
});

test("nothing of another stack's repositories is counted", () => {
  for (const name of ["ecr-image-scan-complete", "ecr-image-scan-failed", "ecr-image-action-push"]) {
    const event = recorded(name);
    event.detail["repository-name"] = "shop/ui-of-others";
    expect(counted(basic, event)).toEqual({});
  }
  const coverage = recorded("inspector2-coverage");
  coverage.resources = coverage.resources.map((arn) => arn.replace("shop/ui", "shop/ui-of-others"));
  expect(counted(enhanced, coverage)).toEqual({});
});

test.each([
  ["basic", basic],
  ["enhanced", enhanced],
])("with %s scanning, every alarm on events looks at a metric that a filter makes", (_, settings) => {
  const made = eventSources(services, settings, account).flatMap((source) =>
    source.counts.map((count) => `${count.metric} ${Object.keys(count.dimensions ?? {}).join()}`),
  );
  const alarms = eventAlarms(services, settings);
  expect(alarms.map((alarm) => alarm.name)).toEqual([
    "findings-critical",
    "findings-high",
    "failed-scans",
    "failed-deployments",
    "ui-pushes",
    "checkout-pushes",
  ]);
  for (const { metric } of alarms) {
    expect(metric.namespace).toBe(eventNamespace("dev"));
    expect(made).toContain(`${metric.name} ${Object.keys(metric.dimensions).join()}`);
  }
});

test("patterns stay within what EventBridge takes, however many services there are", () => {
  const many = Array.from({ length: 200 }, (_, index) =>
    service(`service-with-a-long-name-${index}`, { kind: "ecs" }),
  );
  for (const settings of [basic, enhanced]) {
    const patterns = eventSources(many, settings, account).flatMap((source) => source.patterns);
    for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
    expect(JSON.stringify(patterns)).toContain("service-with-a-long-name-199");
  }
});

test("no pattern has a wildcard, in any partition: EventBridge bounds how many a rule can have", () => {
  const many = Array.from({ length: 50 }, (_, index) => service(`service-${index}`, { kind: "ecs" }));
  for (const region of ["eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]) {
    const own = { ...accountLike(region), id: "111122223333" };
    for (const settings of [basic, enhanced]) {
      const text = JSON.stringify(eventSources(many, settings, own).flatMap((source) => source.patterns));
      expect(text).not.toMatch(/\*|wildcard/);
    }
    const event = recorded("inspector2-coverage");
    event.resources = [`arn:${own.partition}:ecr:${region}:${own.id}:repository/shop/service-7/sha256:36c7`];
    const caught = (resources: string[]) =>
      eventSources(many, enhanced, own).some(({ name, patterns }) =>
        patterns.some(
          (pattern) => name === "failed-scans" && matchesPattern(pattern, { ...event, resources }),
        ),
      );
    expect(caught(event.resources)).toBe(true);
    expect(caught([event.resources[0]?.replace("shop/service-7/", "shop/service-77/") ?? ""])).toBe(false);
  }
});
