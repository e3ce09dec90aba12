import { z } from "zod";
import { type FindingSeverity, severities } from "../../../config/stack/gates.ts";
import { type Finding, type ScanResult, unrecognized } from "../finding.ts";

/** What Slipway reads of `trivy image --format json`, schema 2; the rest of the document is left alone. */
const documentSchema = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: z.string().optional(),
  Results: z
    .array(
      z.object({
        Vulnerabilities: z
          .array(
            z.object({
              VulnerabilityID: z.string(),
              VendorIDs: z.array(z.string()).nullish(),
              PkgName: z.string(),
              PkgIdentifier: z.object({ PURL: z.string().optional() }).optional(),
              InstalledVersion: z.string().optional(),
              FixedVersion: z.string().optional(),
              Status: z.string().optional(),
              Severity: z.string().optional(),
              PrimaryURL: z.string().optional(),
              PublishedDate: z.string().optional(),
              Layer: z.object({ Digest: z.string().optional(), DiffID: z.string().optional() }).optional(),
              CVSS: z
                .record(
                  z.string(),
                  z.object({ V3Score: z.number().optional(), V2Score: z.number().optional() }),
                )
                .nullish(),
            }),
          )
          .nullish(),
        ExperimentalModifiedFindings: z.array(z.unknown()).nullish(),
      }),
    )
    .nullish(),
});

/** What `trivy version --format json` says of the database. */
const versionSchema = z.object({ VulnerabilityDB: z.object({ UpdatedAt: z.string() }).optional() });

/**
 * Reads the JSON report of Trivy, and what `trivy version` says of its database.
 *
 * @throws ZodError for anything else
 */
export function readTrivy(report: unknown, version: unknown, now: Date): ScanResult {
  const { Results: results, CreatedAt } = documentSchema.parse(report);
  // Without a result for anything in the image, nothing was compared.
  if (results === undefined || results === null || results.length === 0) return unrecognized("trivy");
  const database = versionSchema.parse(version).VulnerabilityDB?.UpdatedAt;
  const scannedAt = Date.parse(CreatedAt ?? "");
  return {
    state: "scanned",
    source: "trivy",
    findings: results.flatMap(({ Vulnerabilities }) => (Vulnerabilities ?? []).map(findingOf)),
    suppressed: results.flatMap((one) => one.ExperimentalModifiedFindings ?? []).length,
    scannedAt: (Number.isNaN(scannedAt) ? now : new Date(scannedAt)).toISOString(),
    ...(database === undefined ? {} : { databaseAt: database }),
    continuous: false,
  };
}

type Vulnerability = NonNullable<
  NonNullable<z.output<typeof documentSchema>["Results"]>[number]["Vulnerabilities"]
>[number];

function findingOf(one: Vulnerability): Finding {
  const { InstalledVersion: version, FixedVersion, Layer, PrimaryURL, PublishedDate, CVSS } = one;
  const purl = one.PkgIdentifier?.PURL;
  // An image without compressed layers at hand has diff ids only.
  const layer = Layer?.Digest || Layer?.DiffID;
  const fixedIn = FixedVersion === undefined || FixedVersion === "" ? undefined : FixedVersion;
  const scores = Object.values(CVSS ?? {}).flatMap(({ V3Score, V2Score }) => V3Score ?? V2Score ?? []);
  return {
    id: one.VulnerabilityID,
    aliases: one.VendorIDs ?? [],
    severity: severityOf(one.Severity),
    ...(scores.length === 0 ? {} : { score: Math.max(...scores) }),
    package: {
      name: one.PkgName,
      ...(version === undefined ? {} : { version }),
      ...(purl === undefined ? {} : { purl }),
    },
    ...(fixedIn === undefined ? {} : { fixedIn }),
    fixable: fixableOf(one.Status, fixedIn),
    ...(layer === undefined || layer === "" ? {} : { layer }),
    source: "trivy",
    ...(PrimaryURL === undefined ? {} : { link: PrimaryURL }),
    ...(PublishedDate === undefined ? {} : { since: PublishedDate }),
  };
}

/** Statuses: fixed, affected, under_investigation, will_not_fix, fix_deferred, end_of_life. */
function fixableOf(status: string | undefined, fixedIn: string | undefined): Finding["fixable"] {
  if (fixedIn !== undefined || status === "fixed") return "yes";
  return status === undefined || status === "under_investigation" ? "unknown" : "no";
}

function severityOf(severity: string | undefined): FindingSeverity {
  return severities.find((one) => one === severity) ?? "UNDEFINED";
}
