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
        type: z.string().optional(),
        locations: z
          .array(z.object({ path: z.string().optional(), layerID: z.string().optional() }))
          .nullish(),
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

const packagesSchema = z.object({ components: z.array(z.unknown()).optional() });

/**
 * Whether Grype found a package in an image, vulnerable or not, by its CycloneDX document: its own report names only
 * those with a match.
 *
 * @throws ZodError for anything else
 */
export function hasPackages(document: unknown): boolean {
  return (packagesSchema.parse(document).components ?? []).length > 0;
}

type Match = z.output<typeof documentSchema>["matches"][number];

function findingOf({ vulnerability, relatedVulnerabilities, artifact }: Match): Finding {
  const { id, severity, fix, dataSource, cvss } = vulnerability;
  const { name, version, purl, type, locations } = artifact;
  const [fixedIn] = fix?.versions ?? [];
  const layers = layersOf(locations ?? []);
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
      ...(type === undefined || type === "" ? {} : { type }),
    },
    ...(fixedIn === undefined ? {} : { fixedIn }),
    fixable: fixableOf(fix?.state, fixedIn),
    ...layers,
    source: "grype",
    ...(dataSource === undefined ? {} : { link: dataSource }),
  };
}

/** Where distributions keep what is installed. Syft names it for each of its packages. */
const database =
  /^\/(?:var\/lib\/dpkg\/status|lib\/apk\/db\/installed|(?:var|usr)\/lib\/(?:sysimage\/)?rpm\/)/;

/**
 * Syft looks at the image as it is in the end, so a location's layer is the one that wrote the file last. Of a
 * package's files, those beside the database are the package's own.
 */
function layersOf(
  locations: readonly { readonly path?: string | undefined; readonly layerID?: string | undefined }[],
): Pick<Finding, "layer" | "databaseLayer"> {
  const known = locations.filter(({ layerID }) => layerID !== undefined);
  const own = known.find(({ path = "" }) => !database.test(path))?.layerID;
  if (own !== undefined) return { layer: own };
  const [first] = known;
  return first?.layerID === undefined ? {} : { databaseLayer: first.layerID };
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
