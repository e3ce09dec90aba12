import { z } from "zod";
import type { FindingSeverity } from "../../../config/stack/gates.ts";
import type { Finding, ScanResult } from "../finding.ts";

/** What Slipway reads of `grype -o json`; the rest of the document is left alone. */
const documentSchema = z.object({
  matches: z.array(
    z.object({
      vulnerability: z.object({
        id: z.string(),
        dataSource: z.string().optional(),
        severity: z.string().optional(),
        cvss: z
          .array(z.object({ metrics: z.object({ baseScore: z.number().optional() }).optional() }))
          .nullish(),
        fix: z.object({ versions: z.array(z.string()).nullish(), state: z.string().optional() }).optional(),
      }),
      relatedVulnerabilities: z.array(z.object({ id: z.string() })).nullish(),
      artifact: z.object({
        name: z.string(),
        version: z.string().optional(),
        purl: z.string().optional(),
        locations: z.array(z.object({ layerID: z.string().optional() })).nullish(),
      }),
    }),
  ),
  ignoredMatches: z.array(z.unknown()).nullish(),
  descriptor: z.object({
    timestamp: z.string().optional(),
    db: z
      .object({
        // Since 0.88 below `status`, before it beside it.
        status: z.object({ built: z.string().optional() }).optional(),
        built: z.string().optional(),
      })
      .nullish(),
  }),
});

/**
 * Reads the JSON report of Grype.
 *
 * @throws ZodError for anything else
 */
export function readGrype(report: unknown, now: Date): ScanResult {
  const { matches, ignoredMatches, descriptor } = documentSchema.parse(report);
  const databaseAt = descriptor.db?.status?.built ?? descriptor.db?.built;
  return {
    state: "scanned",
    source: "grype",
    findings: matches.map(findingOf),
    suppressed: ignoredMatches?.length ?? 0,
    scannedAt: timeOf(descriptor.timestamp) ?? now.toISOString(),
    ...(databaseAt === undefined ? {} : { databaseAt }),
    continuous: false,
  };
}

type Match = z.output<typeof documentSchema>["matches"][number];

function findingOf({ vulnerability, relatedVulnerabilities, artifact }: Match): Finding {
  const { id, severity, fix, dataSource, cvss } = vulnerability;
  const { name, version, purl, locations } = artifact;
  const [fixedIn] = fix?.versions ?? [];
  const layer = locations?.find(({ layerID }) => layerID !== undefined)?.layerID;
  const scores = (cvss ?? []).flatMap(({ metrics }) => metrics?.baseScore ?? []);
  return {
    id,
    aliases: (relatedVulnerabilities ?? []).map((related) => related.id).filter((alias) => alias !== id),
    severity: severityOf(severity),
    ...(scores.length === 0 ? {} : { score: Math.max(...scores) }),
    package: {
      name,
      ...(version === undefined ? {} : { version }),
      ...(purl === undefined || purl === "" ? {} : { purl }),
    },
    ...(fixedIn === undefined ? {} : { fixedIn }),
    fixable: fixableOf(fix?.state, fixedIn),
    ...(layer === undefined ? {} : { layer }),
    source: "grype",
    ...(dataSource === undefined ? {} : { link: dataSource }),
  };
}

/** States: fixed, not-fixed, wont-fix, unknown. */
function fixableOf(state: string | undefined, fixedIn: string | undefined): Finding["fixable"] {
  if (fixedIn !== undefined || state === "fixed") return "yes";
  return state === "not-fixed" || state === "wont-fix" ? "no" : "unknown";
}

const severityWords: Readonly<Record<string, FindingSeverity>> = {
  critical: "CRITICAL",
  high: "HIGH",
  medium: "MEDIUM",
  low: "LOW",
  negligible: "INFORMATIONAL",
};

function severityOf(severity = ""): FindingSeverity {
  return severityWords[severity.toLowerCase()] ?? "UNDEFINED";
}

function timeOf(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
