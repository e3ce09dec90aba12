import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import type { Severity } from "../../config/stack/alarms.ts";
import { targetsOfKind } from "../../config/targets/kinds.ts";
import type { Account } from "../account.ts";
import { targetInfrastructure } from "../targets/kinds.ts";
import type { DeploymentEvents } from "../targets/target.ts";
import { type EventPattern, type EventSource, inParts } from "./event-source.ts";

/** The stack's own namespace for metrics made of events. */
export function eventNamespace(stack: string): string {
  return `Slipway/${stack}`;
}

/** The event sources of a stack. */
export function eventSources(
  services: readonly Service[],
  settings: Settings,
  account: Account,
): EventSource[] {
  const repositories = services.map((service) => repositoryName(settings, service));
  const enhanced = settings.scanning.mode === "enhanced";
  const { alarms } = settings;
  return [
    ...(alarms.findings.enabled && alarms.findings.severities.length > 0
      ? [
          enhanced
            ? inspectorFindings(repositories, services, settings)
            : scanFindings(repositories, alarms.findings.severities),
        ]
      : []),
    ...(alarms.failedScans.enabled
      ? [enhanced ? lostCoverage(repositories, account) : failedScans(repositories)]
      : []),
    ...deploymentEvents(services, settings).map(({ source }) => source),
    ...(alarms.storage.enabled ? [pushes(repositories)] : []),
  ];
}

/** The event sources of the target kinds for failed deployments, if the stack has alarms for them. */
export function deploymentEvents(services: readonly Service[], { alarms }: Settings): DeploymentEvents[] {
  if (!alarms.failedDeployments.enabled) return [];
  return targetInfrastructure.flatMap((kind) => kind.failedDeployments(targetsOfKind(kind, services)));
}

/** Name of the metric that counts findings of a severity. */
export function findingsMetric(severity: Severity): string {
  return `Findings-${severity}`;
}

/** Basic scanning sends one event per scan, with counts. */
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

/** Enhanced scanning sends one event per finding, even long after the push. */
function inspectorFindings(
  repositories: readonly string[],
  services: readonly Service[],
  settings: Settings,
): EventSource {
  const { severities } = settings.alarms.findings;
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
      ...targetInfrastructure
        .flatMap((kind) => kind.scannedResources(targetsOfKind(kind, services), settings.scanning))
        .map(pattern),
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
 * Reasons for which Inspector does not scan an image and that are no failure: somebody wanted it so, or
 * there is nothing in it that Inspector scans, or a scan is still to come. Release records, bills of materials
 * and whatever else is attached to an image are no images, and are pushed with each release: Inspector may
 * call them an unsupported medium, or find no resources in them.
 *
 * Of all reasons, in the order of API_ScanStatus. The others are failures: access, keys, sizes, errors.
 * https://docs.aws.amazon.com/inspector/v2/APIReference/API_ScanStatus.html
 */
export const notAFailure = [
  "PENDING_INITIAL_SCAN",
  "UNSUPPORTED_OS",
  "SCAN_ELIGIBILITY_EXPIRED",
  "RESOURCE_TERMINATED",
  "SUCCESSFUL",
  "NO_RESOURCES_FOUND",
  "SCAN_FREQUENCY_MANUAL",
  "SCAN_FREQUENCY_SCAN_ON_PUSH",
  "PENDING_DISABLE",
  "EXCLUDED_BY_TAG",
  "UNSUPPORTED_MEDIA_TYPE",
  "PENDING_REVIVAL_SCAN",
  "SCAN_IN_PROGRESS",
  "IMAGE_ARCHIVED",
  "INVALID_ARTIFACT",
] as const;

/**
 * Inspector has no event for a failed scan; it says that it does not cover an image, and why. The
 * repository is the beginning of the image's ARN, which needs no wildcard: EventBridge refuses a rule with
 * too many of them ("Rule is too complex").
 */
function lostCoverage(repositories: readonly string[], { id, region, partition }: Account): EventSource {
  const arns = repositories.map((name) => `arn:${partition}:ecr:${region}:${id}:repository/${name}/`);
  return {
    name: "failed-scans",
    description: "Images that Inspector could not scan",
    patterns: inParts(arns).map((prefixes) => ({
      source: ["aws.inspector2"],
      "detail-type": ["Inspector2 Coverage"],
      resources: prefixes.map((prefix) => ({ prefix })),
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

/**
 * ECR publishes neither the size nor the number of images. Both grow by pushes, and ECR sends an event for
 * each.
 */
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
