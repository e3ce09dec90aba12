import { createHash } from "node:crypto";
import { posix } from "node:path";
import { gzipSync } from "node:zlib";
import type { FindingSeverity } from "../../../config/stack/gates.ts";
import type { ReportedFinding, ScanDocument, ScannedImage, ScannedPlatform } from "./document.ts";
import type { SarifLevel, SarifLog, SarifResult, SarifRule, SarifRun } from "./sarif-log.ts";
import { originWords } from "./show.ts";

/**
 * What GitHub takes of one file, and what it keeps of one run: 25,000 results are the most, 5,000 are kept.
 * https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
 */
export const sarifLimits = { runsInFile: 20, resultsInRun: 5_000, compressedBytes: 10_000_000 };

/** What the document of a scan does not have. */
export interface SarifPlace {
  /** Version of Slipway. */
  readonly version: string;
  /** Folder of the project in the checkout; empty: the checkout itself. */
  readonly folder: string;
  /** Line, from 1, of each service's Dockerfile that its last stage begins at, where the file is there. */
  readonly fromLines: ReadonlyMap<string, number>;
}

/** The files of a scan, and what they leave out: one line each. */
export interface SarifFiles {
  readonly files: readonly SarifLog[];
  readonly leftOut: readonly string[];
}

/**
 * The findings of a scan as SARIF: one run for each image and platform. GitHub closes the alerts of a run that
 * has no results, so that a platform without a scan result has no run.
 *
 * Findings that a waiver accepts or a VEX statement clears are no results, because GitHub reads no suppressions; each
 * run's `properties` list them.
 * More findings than GitHub takes are cut, the least severe first, and the run says so.
 */
export function toSarif(document: ScanDocument, place: SarifPlace, limits = sarifLimits): SarifFiles {
  const told = document.images.flatMap((image) => image.platforms.map((platform) => ({ image, platform })));
  const scanned = told.filter(({ platform }) => platform.unknown === undefined);
  const unknown = told
    .filter(({ platform }) => platform.unknown !== undefined)
    .map(({ image, platform }) => `${image.service} on ${platform.platform} has no scan result`);
  const files: SarifLog[] = [];
  const cut: string[] = [];
  for (let at = 0; at === 0 || at < scanned.length; at += limits.runsInFile) {
    const some = scanned.slice(at, at + limits.runsInFile);
    const make = (most: number) =>
      logOf(some.map(({ image, platform }) => runOf(document.stack, image, platform, place, most)));
    let most = limits.resultsInRun;
    let file = make(most);
    while (most > 1 && gzipSync(JSON.stringify(file)).length > limits.compressedBytes) {
      most = Math.floor(most / 2);
      file = make(most);
    }
    files.push(file);
    cut.push(
      ...file.runs.flatMap(({ invocations: [{ toolExecutionNotifications: notes }] }) =>
        notes.map(({ message }) => message.text),
      ),
    );
  }
  return { files, leftOut: [...unknown, ...cut] };
}

function logOf(runs: readonly SarifRun[]): SarifLog {
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs,
  };
}

function runOf(
  stack: string,
  image: ScannedImage,
  of: ScannedPlatform,
  { version, folder, fromLines }: SarifPlace,
  most: number,
): SarifRun {
  const { service, repository, dockerfile } = image;
  const { platform, digest, source, scannedAt, databaseAt, findings } = of;
  const open = findings.filter(({ waived, vex }) => waived === undefined && vex === undefined);
  // The worst come first already.
  const kept = open.slice(0, most);
  const rules = rulesOf(kept);
  const indexOf = new Map(rules.map(({ id }, index) => [id, index]));
  const uri = encodeURI(posix.join(folder, dockerfile));
  const left = open.length - kept.length;
  const note = `${service} on ${platform}: ${left} of ${open.length} findings left out, the least severe, to stay within GitHub's limits`;
  return {
    tool: { driver: { name: "Slipway", semanticVersion: version, rules } },
    // GitHub reads what stands before the last slash as the category.
    automationDetails: {
      id: `slipway/${stack}/${service}/${platform}/`,
      description: { text: `${repository}@${digest} (${platform}) on ${stack}` },
    },
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: left === 0 ? [] : [{ level: "note", message: { text: note } }],
      },
    ],
    results: kept.map((finding): SarifResult => {
      const line = finding.origin === "base image" ? fromLines.get(service) : undefined;
      return {
        ruleId: finding.id,
        ruleIndex: indexOf.get(finding.id) ?? 0,
        level: levelOf(finding.severity),
        message: { text: messageOf(finding, `${service} on ${platform}`) },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri },
              region: { startLine: line ?? 1 },
            },
          },
        ],
        partialFingerprints: fingerprintsOf(service, finding),
        properties: { origin: finding.origin, severity: finding.severity },
      };
    }),
    properties: {
      image: `${repository}@${digest}`,
      source,
      ...(scannedAt === undefined ? {} : { scannedAt }),
      ...(databaseAt === undefined ? {} : { databaseAt }),
      leftOut: left,
      waived: findings.flatMap(({ id, package: found, waived }) =>
        waived === undefined ? [] : [{ id, package: found.name, ...waived }],
      ),
      cleared: findings.flatMap(({ id, package: found, vex }) =>
        vex === undefined ? [] : [{ id, package: found.name, ...vex }],
      ),
    },
  };
}

/** One rule for each vulnerability, in the order of the findings. */
function rulesOf(findings: readonly ReportedFinding[]): readonly SarifRule[] {
  return [...Map.groupBy(findings, ({ id }) => id)].map(([id, some]): SarifRule => {
    const [first] = some as [ReportedFinding, ...ReportedFinding[]];
    const { severity, aliases, link } = first;
    const packages = some.map(({ package: found, fixedIn, fixable }) => ({
      name: `${found.name} ${found.version ?? ""}`.trim(),
      fix: fixedIn ?? unnamedFix[fixable],
    }));
    const names = [...new Set(some.map(({ package: found }) => found.name))].join(", ");
    const known = aliases.length === 0 ? "" : ` Also known as ${aliases.join(", ")}.`;
    const fixes = some.map(fixText).join("; ");
    return {
      id,
      shortDescription: { text: `${id} in ${names}` },
      fullDescription: { text: `${severity} vulnerability ${id} in ${names}.${known}` },
      help: {
        text: `${fixes}. Update the package or rebuild on a newer base image, or accept it until a day in waivers.yaml.`,
        markdown: [
          `| package | fixed in |`,
          `| --- | --- |`,
          ...packages.map(({ name, fix }) => `| ${cell(name)} | ${cell(fix)} |`),
          "",
          `Update the package or rebuild on a newer base image, or accept it until a day in \`waivers.yaml\`.`,
        ].join("\n"),
      },
      ...(link !== undefined && URL.canParse(link) ? { helpUri: link } : {}),
      defaultConfiguration: { level: levelOf(severity) },
      properties: {
        "security-severity": securitySeverity(first),
        tags: ["security", "vulnerability", "container"],
      },
    };
  });
}

/** What is said of a fix whose version the source does not name. */
const unnamedFix = {
  yes: "a fix exists",
  no: "no fix",
  unknown: "the source does not say",
} as const satisfies Record<ReportedFinding["fixable"], string>;

/** `openssl 3.0.1 is fixed in 3.0.2` */
function fixText({ package: found, fixedIn, fixable }: ReportedFinding): string {
  const name = `${found.name} ${found.version ?? ""}`.trim();
  if (fixedIn !== undefined) return `${name} is fixed in ${fixedIn}`;
  if (fixable === "unknown") return `The source does not say whether there is a fix of ${name}`;
  return fixable === "no" ? `${name} has no fix` : `${name} has a fix`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

function messageOf({ id, package: found, fixedIn, origin }: ReportedFinding, where: string): string {
  const fix = fixedIn === undefined ? "" : `, fixed in ${fixedIn}`;
  const whose = origin === "unknown" ? "" : ` It is ${originWords[origin]}.`;
  return `${id} in ${`${found.name} ${found.version ?? ""}`.trim()}${fix} (${where}).${whose}`;
}

/**
 * GitHub tells the alerts of one file apart by rule, path and this hash. A package has one alert, whatever its
 * version and wherever the Dockerfile's lines move.
 */
function fingerprintsOf(service: string, { id, package: found }: ReportedFinding): Record<string, string> {
  const hash = createHash("sha256").update([service, id, found.name].join("\0")).digest("hex");
  return { primaryLocationLineHash: `${hash.slice(0, 16)}:1`, "slipway/finding/v1": hash };
}

const levels = {
  CRITICAL: "error",
  HIGH: "error",
  MEDIUM: "warning",
  LOW: "note",
  INFORMATIONAL: "note",
  UNDEFINED: "note",
} as const satisfies Record<FindingSeverity, SarifLevel>;

function levelOf(severity: FindingSeverity): SarifLevel {
  return levels[severity];
}

/** From and below: what GitHub reads as the severity of a score. */
const bands = {
  CRITICAL: [9, 10.1, 9.5],
  HIGH: [7, 9, 8],
  MEDIUM: [4, 7, 5.5],
  LOW: [0.1, 4, 2],
  INFORMATIONAL: [0, 0.1, 0],
  UNDEFINED: [0, 0.1, 0],
} as const satisfies Record<FindingSeverity, readonly [from: number, below: number, middle: number]>;

/**
 * The score as GitHub shows severities. A source may rate a finding otherwise than its score: then the severity
 * counts, because gates and waivers go by it.
 */
function securitySeverity({ severity, score }: ReportedFinding): string {
  const [from, below, middle] = bands[severity];
  const isInBand = score !== undefined && score >= from && score < below;
  return (isInBand ? score : middle).toFixed(1);
}

/** The line, from 1, that the stage of a build begins at: the last one, or one by its name. */
export function lineOfFrom(dockerfile: string, stage: string | undefined): number | undefined {
  const lines = dockerfile.split(/\r?\n/).flatMap((line, index) => {
    const [, name] = /^\s*FROM\s+(?:--\S+\s+)*\S+(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    return /^\s*FROM\s/i.test(line) ? [{ line: index + 1, name: name?.toLowerCase() }] : [];
  });
  const wanted = stage === undefined ? lines : lines.filter(({ name }) => name === stage.toLowerCase());
  return wanted.at(-1)?.line;
}
