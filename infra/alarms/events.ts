import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import type { Severity } from "../../config/stack/alarms.ts";
import type { Settings } from "../../config/stack/settings.ts";
import { clusterName } from "./ecs.ts";

/** Something that AWS tells by events and by no metric: how its events are caught and counted. */
export interface EventSource {
  /** `findings`, `failed-scans`, … */
  readonly name: string;
  readonly description: string;
  /** Event patterns, several when one would be longer than EventBridge takes. */
  readonly patterns: readonly EventPattern[];
  readonly counts: readonly EventCount[];
}

export type EventPattern = Readonly<Record<string, unknown>>;

/** A metric made of the events in the log, by a metric filter. */
export interface EventCount {
  /** Name of the metric, and of its filter. */
  readonly metric: string;
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html */
  readonly filter: string;
  /** `1`, or the field whose number is added. */
  readonly value: string;
  /** Dimension → field. A metric with dimensions has no value when nothing happens. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** The stack's own namespace for metrics made of events. */
export function eventNamespace(stack: string): string {
  return `Slipway/${stack}`;
}

/** What is caught for a stack. */
export function eventSources(services: readonly Service[], settings: Settings): EventSource[] {
  const repositories = services.map((service) => repositoryName(settings, service));
  const enhanced = settings.scanning.mode === "enhanced";
  const { alarms } = settings;
  const functions = settings.scanning.lambda
    ? services.flatMap((service) =>
        service.targets.flatMap((target) => (target.kind === "lambda" ? [target.function] : [])),
      )
    : [];
  const ecsServices = services.flatMap((service) =>
    service.targets.flatMap((target) =>
      target.kind === "ecs" ? [`:service/${clusterName(target)}/${target.service}`] : [],
    ),
  );
  return [
    ...(alarms.findings.enabled && alarms.findings.severities.length > 0
      ? [
          enhanced
            ? inspectorFindings(repositories, functions, alarms.findings.severities)
            : scanFindings(repositories, alarms.findings.severities),
        ]
      : []),
    ...(alarms.failedScans.enabled
      ? [enhanced ? lostCoverage(repositories) : failedScans(repositories)]
      : []),
    ...(alarms.failedDeployments.enabled && ecsServices.length > 0 ? [failedDeployments(ecsServices)] : []),
    ...(alarms.storage.enabled ? [pushes(repositories)] : []),
  ];
}

/** Name of the metric that counts findings of a severity. */
export function findingsMetric(severity: Severity): string {
  return `Findings-${severity}`;
}

/** Basic scanning tells once a scan, with counts. */
function scanFindings(repositories: readonly string[], severities: readonly Severity[]): EventSource {
  return {
    name: "findings",
    description: "Completed image scans",
    patterns: inParts(repositories).map((names) => ({
      source: ["aws.ecr"],
      "detail-type": ["ECR Image Scan"],
      detail: { "scan-status": ["COMPLETE"], "repository-name": names },
    })),
    counts: severities.map((severity) => ({
      metric: findingsMetric(severity),
      filter: `{ ($.detail-type = "ECR Image Scan") && ($.detail.finding-severity-counts.${severity} > 0) }`,
      value: `$.detail.finding-severity-counts.${severity}`,
    })),
  };
}

/** Enhanced scanning tells once a finding, also when it learns of it long after the push. */
function inspectorFindings(
  repositories: readonly string[],
  functions: readonly string[],
  severities: readonly Severity[],
): EventSource {
  const pattern = (details: EventPattern) => ({
    source: ["aws.inspector2"],
    "detail-type": ["Inspector2 Finding"],
    detail: { status: ["ACTIVE"], severity: severities, resources: { details } },
  });
  return {
    name: "findings",
    description: "Active findings of Inspector",
    patterns: [
      ...inParts(repositories).map((names) => pattern({ awsEcrContainerImage: { repositoryName: names } })),
      ...inParts(functions).map((names) => pattern({ awsLambdaFunction: { functionName: names } })),
    ],
    counts: severities.map((severity) => ({
      metric: findingsMetric(severity),
      filter: `{ ($.detail-type = "Inspector2 Finding") && ($.detail.severity = "${severity}") }`,
      value: "1",
    })),
  };
}

function failedScans(repositories: readonly string[]): EventSource {
  return {
    name: "failed-scans",
    description: "Failed image scans",
    patterns: inParts(repositories).map((names) => ({
      source: ["aws.ecr"],
      "detail-type": ["ECR Image Scan"],
      detail: { "scan-status": ["FAILED"], "repository-name": names },
    })),
    counts: [
      {
        metric: "FailedScans",
        filter: '{ ($.detail-type = "ECR Image Scan") && ($.detail.scan-status = "FAILED") }',
        value: "1",
      },
    ],
  };
}

/**
 * Reasons for which Inspector does not scan an image and that are no failure: somebody wanted it so,
 * or there is nothing in it that Inspector knows.
 * https://docs.aws.amazon.com/inspector/v2/APIReference/API_ScanStatus.html
 */
const notAFailure = [
  "EXCLUDED_BY_TAG",
  "IMAGE_ARCHIVED",
  "PENDING_INITIAL_SCAN",
  "RESOURCE_TERMINATED",
  "SCAN_ELIGIBILITY_EXPIRED",
  "SCAN_FREQUENCY_MANUAL",
  "SCAN_FREQUENCY_SCAN_ON_PUSH",
  "SUCCESSFUL",
  "UNSUPPORTED_OS",
];

/** Inspector has no event for a failed scan; it says that it does not cover an image, and why. */
function lostCoverage(repositories: readonly string[]): EventSource {
  return {
    name: "failed-scans",
    description: "Images that Inspector could not scan",
    patterns: inParts(repositories, ":repository//sha256:*".length).map((names) => ({
      source: ["aws.inspector2"],
      "detail-type": ["Inspector2 Coverage"],
      resources: names.map((name) => ({ wildcard: `arn:*:repository/${name}/sha256:*` })),
      detail: {
        scanStatus: { statusCodeValue: ["INACTIVE"], reason: [{ "anything-but": notAFailure }] },
      },
    })),
    counts: [
      {
        metric: "FailedScans",
        filter:
          '{ ($.detail-type = "Inspector2 Coverage") && ($.detail.scanStatus.statusCodeValue = "INACTIVE") }',
        value: "1",
      },
    ],
  };
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

/** ECR publishes no size and no number of images. Pushes are what makes both grow, and ECR tells of each. */
function pushes(repositories: readonly string[]): EventSource {
  return {
    name: "pushes",
    description: "Manifests pushed",
    patterns: inParts(repositories).map((names) => ({
      source: ["aws.ecr"],
      "detail-type": ["ECR Image Action"],
      detail: { "action-type": ["PUSH"], result: ["SUCCESS"], "repository-name": names },
    })),
    counts: [
      {
        metric: "Pushes",
        filter: '{ ($.detail-type = "ECR Image Action") && ($.detail.action-type = "PUSH") }',
        value: "1",
        dimensions: { Repository: "$.detail.repository-name" },
      },
    ],
  };
}

/** EventBridge takes 2048 characters in a pattern; the rest of ours needs fewer than 500. */
const maximumCharacters = 1400;

/** The names in parts of which each fits into one pattern. */
function inParts(names: readonly string[], overhead = 0): string[][] {
  const parts: string[][] = [];
  let room = 0;
  for (const name of names) {
    const needed = name.length + overhead + '{"wildcard":""},'.length;
    const last = parts.at(-1);
    if (last !== undefined && needed <= room) {
      last.push(name);
      room -= needed;
    } else {
      parts.push([name]);
      room = maximumCharacters - needed;
    }
  }
  return parts;
}
