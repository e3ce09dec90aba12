import { createHash } from "node:crypto";
import type { ImageOfScan } from "./image.ts";
import type { Match } from "./report.ts";

/** A finding as it is sent: both shapes have a severity. */
export interface SentFinding extends Readonly<Record<string, unknown>> {
  readonly severity: string;
}

const severities: Readonly<Record<string, string>> = {
  critical: "CRITICAL",
  high: "HIGH",
  medium: "MEDIUM",
  low: "LOW",
  negligible: "INFORMATIONAL",
};

/** How many findings there are of each severity that there is. */
export function severityCounts(findings: readonly SentFinding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return counts;
}

/** ECR names a vulnerability by its CVE, also where the advisory is of GitHub. */
function idsOf({ vulnerability, relatedVulnerabilities }: Match) {
  const all = [vulnerability.id, ...(relatedVulnerabilities ?? []).map(({ id }) => id)];
  const id = all.find((one) => one.startsWith("CVE-")) ?? vulnerability.id;
  return { id, others: [...new Set(all.filter((one) => one !== id))] };
}

/** The highest score, and the vector that makes it. */
function scoreOf({ vulnerability }: Match) {
  const scored = (vulnerability.cvss ?? []).flatMap(({ version = "", vector = "", metrics }) =>
    metrics?.baseScore === undefined ? [] : [{ version, vector, score: metrics.baseScore }],
  );
  return scored.toSorted((one, other) => other.score - one.score)[0];
}

/**
 * A finding in the shape of a basic scan.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFinding.html
 */
export function basicFinding(match: Match): SentFinding {
  const { vulnerability, artifact } = match;
  const cvss = scoreOf(match);
  const attributes = [
    { key: "package_version", value: artifact.version },
    { key: "package_name", value: artifact.name },
    { key: `CVSS${cvss?.version.slice(0, 1)}_VECTOR`, value: cvss?.vector },
    { key: `CVSS${cvss?.version.slice(0, 1)}_SCORE`, value: cvss?.score.toFixed(1) },
  ];
  return {
    name: idsOf(match).id,
    ...(vulnerability.description === undefined ? {} : { description: vulnerability.description }),
    ...(vulnerability.dataSource === undefined ? {} : { uri: vulnerability.dataSource }),
    severity: severities[vulnerability.severity?.toLowerCase() ?? ""] ?? "UNDEFINED",
    attributes: attributes.filter(({ value }) => value !== undefined),
  };
}

/** Inspector's names of what a package is managed by, for Grype's types of package. */
const packageManagers: Readonly<Record<string, string>> = {
  deb: "OS",
  rpm: "OS",
  apk: "OS",
  npm: "NODEPKG",
  python: "PYTHONPKG",
  "go-module": "GOBINARY",
  "java-archive": "JAR",
};

/**
 * A finding in the shape of an enhanced scan, which is Inspector's.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_EnhancedImageScanFinding.html
 */
export function enhancedFinding(match: Match, image: ImageOfScan, at: number): SentFinding {
  const { vulnerability, artifact } = match;
  const { id, others } = idsOf(match);
  const { repository, digest } = image;
  const { registryId, repositoryArn, repositoryName } = repository;
  const [fixedIn] = vulnerability.fix?.versions ?? [];
  const [location] = artifact.locations ?? [];
  const cvss = scoreOf(match);
  const seconds = at / 1000;
  const hash = createHash("sha256")
    .update(`${repositoryName}@${digest} ${id} ${artifact.name}`)
    .digest("hex");
  const region = repositoryArn.split(":")[3] ?? "";
  const severity = severities[vulnerability.severity?.toLowerCase() ?? ""] ?? "UNTRIAGED";
  return {
    awsAccountId: registryId,
    findingArn: `arn:aws:inspector2:${region}:${registryId}:finding/${hash.slice(0, 32)}`,
    title: `${id} - ${artifact.name}`,
    type: "PACKAGE_VULNERABILITY",
    status: "ACTIVE",
    firstObservedAt: seconds,
    lastObservedAt: seconds,
    updatedAt: seconds,
    fixAvailable: fixedIn === undefined ? "NO" : "YES",
    exploitAvailable: "NO",
    remediation: { recommendation: { text: "None Provided" } },
    ...(vulnerability.description === undefined ? {} : { description: vulnerability.description }),
    ...(cvss === undefined ? {} : { score: cvss.score }),
    severity,
    packageVulnerabilityDetails: {
      vulnerabilityId: id,
      relatedVulnerabilities: others,
      referenceUrls: vulnerability.urls ?? [],
      source: vulnerability.id.startsWith("GHSA-") ? "GITHUB" : "NVD",
      ...(vulnerability.dataSource === undefined ? {} : { sourceUrl: vulnerability.dataSource }),
      cvss:
        cvss === undefined
          ? []
          : [{ baseScore: cvss.score, scoringVector: cvss.vector, source: "NVD", version: cvss.version }],
      vulnerablePackages: [
        {
          name: artifact.name,
          ...versionOf(artifact),
          packageManager: packageManagers[artifact.type ?? ""] ?? "GENERIC",
          fixedInVersion: fixedIn ?? "NotAvailable",
          ...(location?.path === undefined ? {} : { filePath: location.path.replace(/^\//, "") }),
          ...(location?.layerID === undefined ? {} : { sourceLayerHash: location.layerID }),
        },
      ],
    },
    resources: [
      {
        id: `${repositoryArn}/${digest}`,
        type: "AWS_ECR_CONTAINER_IMAGE",
        details: {
          awsEcrContainerImage: {
            imageHash: digest,
            imageTags: image.tags,
            pushedAt: image.pushedAt,
            registry: registryId,
            repositoryName,
            ...(image.platform === undefined ? {} : { architecture: image.platform.architecture }),
          },
        },
      },
    ],
  };
}

/** `1:2.36-9+deb12u4` of a distribution has three fields; any other version has one. */
function versionOf({ version, type }: Match["artifact"]) {
  if (version === undefined) return {};
  const [, epoch, upstream, release] = /^(?:(\d+):)?(.+?)(?:-([^-]+))?$/.exec(version) ?? [];
  if (packageManagers[type ?? ""] !== "OS" || upstream === undefined) return { version };
  return {
    version: upstream,
    ...(epoch === undefined ? {} : { epoch: Number(epoch) }),
    ...(release === undefined ? {} : { release }),
  };
}
