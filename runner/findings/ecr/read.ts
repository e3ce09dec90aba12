import type {
  DescribeImageScanFindingsResponse,
  EnhancedImageScanFinding,
  ImageScanFinding,
  VulnerablePackage,
} from "@aws-sdk/client-ecr";
import { type FindingSeverity, severities } from "../../../config/stack/gates.ts";
import type { Finding, ScanResult, Waiting } from "../finding.ts";

/** Answers of DescribeImageScanFindings for one image: all of its pages, in their order. */
export type ScanPages = readonly Pick<
  DescribeImageScanFindingsResponse,
  "imageScanStatus" | "imageScanFindings"
>[];

/**
 * Reads a scan of ECR. The two kinds of scan answer in two shapes: basic in `findings`, enhanced (Inspector)
 * in `enhancedFindings`, each with an empty list of the other. Which it is follows from what is there, because
 * COMPLETE can come with enhanced findings and ACTIVE with none at all.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
 */
export function readScan(pages: ScanPages): ScanResult | Waiting {
  const status = pages[0]?.imageScanStatus?.status;
  const description = pages[0]?.imageScanStatus?.description;
  switch (status) {
    case "IN_PROGRESS":
    case "PENDING":
      return { state: "waiting", status };
    case "ACTIVE":
    case "COMPLETE":
      return readFindings(pages, status);
    case undefined:
      return { state: "unknown", status: "NO_STATUS", reason: "ECR answers without a scan status" };
    default:
      return { state: "unknown", ...unknownStatus(status, description) };
  }
}

/** ECR's status of an image without a result, and the reason in words. */
function unknownStatus(status: string, description = "") {
  // ECR says of an operating system that it does not know: FAILED, with this in the description.
  const named = /UnsupportedImage/i.test(description) ? "UNSUPPORTED_IMAGE" : status;
  const meaning = meanings[named];
  const said = description === "" ? "" : `: ${description}`;
  return {
    status: named,
    reason: meaning === undefined ? `ECR's scan is ${named}${said}` : `${meaning}${said}`,
  };
}

const meanings: Readonly<Record<string, string>> = {
  FAILED: "the scan failed",
  UNSUPPORTED_IMAGE: "ECR cannot scan this image (its operating system, or a manifest without one)",
  SCAN_ELIGIBILITY_EXPIRED: "Inspector no longer scans this image, because its re-scan duration is over",
  FINDINGS_UNAVAILABLE: "ECR has no findings for this image at the moment",
  LIMIT_EXCEEDED: "the account's limit of scans is reached",
  IMAGE_ARCHIVED: "the image is in ECR's archive storage class, where it is not scanned",
};

function readFindings(pages: ScanPages, status: "ACTIVE" | "COMPLETE"): ScanResult {
  const all = pages.flatMap(({ imageScanFindings }) => imageScanFindings ?? []);
  const enhanced = all.flatMap(({ enhancedFindings = [] }) => enhancedFindings);
  const basic = all.flatMap(({ findings = [] }) => findings);
  if (all.length === 0) {
    return {
      state: "unknown",
      status: "FINDINGS_UNAVAILABLE",
      reason: `ECR answers ${status} without findings, not even an empty list`,
    };
  }
  const counted = all.flatMap(({ findingSeverityCounts = {} }) => Object.values(findingSeverityCounts));
  if (enhanced.length + basic.length === 0 && counted.some((count) => count > 0)) {
    return {
      state: "unknown",
      status: "FINDINGS_UNAVAILABLE",
      reason: "ECR counts findings of this image, but lists none",
    };
  }
  const scannedAt = all.find(({ imageScanCompletedAt }) => imageScanCompletedAt)?.imageScanCompletedAt;
  const isEnhanced = status === "ACTIVE" || enhanced.length > 0;
  const open = enhanced.filter((finding) => finding.status === undefined || finding.status === "ACTIVE");
  return {
    state: "scanned",
    source: isEnhanced ? "ecr-enhanced" : "ecr-basic",
    findings: isEnhanced ? open.flatMap(enhancedFindings) : basic.map(basicFinding),
    suppressed: enhanced.filter((finding) => finding.status === "SUPPRESSED").length,
    ...(scannedAt === undefined ? {} : { scannedAt: scannedAt.toISOString() }),
    continuous: status === "ACTIVE",
  };
}

/** Attributes as Clair and AWS's own scanner write them: `package_name`, `CVSS3_SCORE`. */
function basicFinding({ name, severity, uri, attributes = [] }: ImageScanFinding): Finding {
  const of = (...keys: readonly string[]) =>
    attributes.find(({ key, value }) => value !== undefined && value !== "" && keys.includes(key ?? ""))
      ?.value;
  const score = Number(of("CVSS4_SCORE", "CVSS3_SCORE", "CVSS2_SCORE") ?? Number.NaN);
  const version = of("package_version");
  return {
    id: name ?? "unnamed",
    aliases: [],
    severity: severityOf(severity),
    ...(Number.isFinite(score) ? { score } : {}),
    package: { name: of("package_name") ?? "unknown", ...(version === undefined ? {} : { version }) },
    // A basic scan has no field for a fixed version.
    fixable: "unknown",
    source: "ecr-basic",
    ...(uri === undefined ? {} : { link: uri }),
  };
}

/** One finding for each package: Inspector lists all packages of an image that have the vulnerability. */
function enhancedFindings(finding: EnhancedImageScanFinding): Finding[] {
  const { packageVulnerabilityDetails: details = {}, severity, score, firstObservedAt, title } = finding;
  const { vulnerabilityId, relatedVulnerabilities = [], sourceUrl, vulnerablePackages = [] } = details;
  const packages: readonly VulnerablePackage[] = vulnerablePackages.length > 0 ? vulnerablePackages : [{}];
  return packages.map((one): Finding => {
    const { name = "unknown", sourceLayerHash: layer, packageManager } = one;
    const version = versionOf(one);
    const fixedIn = fixOf(one);
    return {
      id: vulnerabilityId ?? title ?? "unnamed",
      aliases: relatedVulnerabilities,
      severity: severityOf(severity),
      ...(score === undefined ? {} : { score }),
      package: {
        name,
        ...(version === undefined ? {} : { version }),
        ...(packageManager === undefined ? {} : { type: packageManager.toLowerCase() }),
      },
      ...(fixedIn === undefined ? {} : { fixedIn }),
      fixable: fixableOf(finding, one),
      ...(layer === undefined ? {} : { layer }),
      source: "ecr-enhanced",
      ...(sourceUrl === undefined ? {} : { link: sourceUrl }),
      ...(firstObservedAt === undefined ? {} : { since: firstObservedAt.toISOString() }),
    };
  });
}

/** `1:2.36-9+deb12u4`: epoch, version and release of a distribution's package are three fields. */
function versionOf({ epoch = 0, version, release }: VulnerablePackage): string | undefined {
  if (version === undefined) return undefined;
  return `${epoch > 0 ? `${epoch}:` : ""}${version}${release === undefined ? "" : `-${release}`}`;
}

/** Inspector writes `NotAvailable` where it knows of none. */
function fixOf({ fixedInVersion }: VulnerablePackage): string | undefined {
  return fixedInVersion === undefined || /^not\s?available$/i.test(fixedInVersion)
    ? undefined
    : fixedInVersion;
}

/** `fixAvailable` is of the finding: YES, NO, or PARTIAL when only some of its packages have a fix. */
function fixableOf({ fixAvailable }: EnhancedImageScanFinding, one: VulnerablePackage): Finding["fixable"] {
  if (fixOf(one) !== undefined || fixAvailable === "YES") return "yes";
  if (fixAvailable === "NO" || one.fixedInVersion !== undefined) return "no";
  return "unknown";
}

/** Inspector says UNTRIAGED where a basic scan says UNDEFINED. */
function severityOf(severity: string | undefined): FindingSeverity {
  return severities.find((one) => one === severity) ?? "UNDEFINED";
}
