import { type FindingSeverity, severities } from "../../../config/stack/gates.ts";
import type { Waiver } from "../../../config/waivers.ts";
import type { Finding, PlatformScan } from "../../findings/finding.ts";
import type { Origin, Rebuild } from "../../findings/origin/origin.ts";
import type { VexClaim } from "../../gates/vex-claims.ts";
import { isAbout, isAboutStatus, waiverState } from "../../gates/waivers.ts";
import type { Image } from "../../registry/image.ts";
import type { ReportedFinding, ScanDocument, ScannedImage, ScannedPlatform } from "./document.ts";

/** Whose the findings of a platform's image are. */
interface OriginsOfPlatform {
  readonly origins: ReadonlyMap<Finding, Origin>;
  readonly base?: { readonly reference: string; readonly digest: string };
  readonly rebuild?: Rebuild;
  readonly reason?: string;
}

/** What is known of an image beside its scans. */
export interface ReportedImage extends Pick<Image, "service" | "repository" | "digest"> {
  readonly dockerfile: string;
  /** By platform; one that is missing: nothing is known. */
  readonly origins: ReadonlyMap<string, OriginsOfPlatform>;
}

/** The results of an image with the waivers that accept its findings, the worst finding first. */
export function reportImage(
  { service, repository, dockerfile, digest, origins }: ReportedImage,
  scans: readonly PlatformScan[],
  waivers: readonly Waiver[],
  now: Date,
  claim: (digest: string, finding: Finding) => VexClaim | undefined = () => undefined,
): { readonly image: ScannedImage; readonly used: ReadonlySet<Waiver> } {
  const used = new Set<Waiver>();
  const counts = (waiver: Waiver) => {
    used.add(waiver);
    return waiverState(waiver, now) !== "expired";
  };
  const platforms = scans.map(({ platform, digest, result }): ScannedPlatform => {
    if (result.state === "unknown") {
      for (const waiver of waivers) if (isAboutStatus(waiver, service, result.status)) used.add(waiver);
      const { status, reason } = result;
      return { platform, digest, unknown: { status, reason }, suppressed: 0, findings: [] };
    }
    const { source, scannedAt, databaseAt, suppressed } = result;
    const own = origins.get(platform);
    const findings = result.findings.map((finding): ReportedFinding => {
      const origin = own?.origins.get(finding) ?? "unknown";
      const about = waivers.filter((waiver) => isAbout(waiver, service, finding));
      const [valid] = about.filter(counts);
      if (valid === undefined) return { ...withVex(finding, claim(digest, finding)), origin };
      const { expires, owner, reason } = valid;
      return { ...finding, origin, waived: { expires, owner, reason } };
    });
    return {
      platform,
      digest,
      source,
      ...(scannedAt === undefined ? {} : { scannedAt }),
      ...(databaseAt === undefined ? {} : { databaseAt }),
      suppressed,
      findings: findings.toSorted((one, other) => rank(one.severity) - rank(other.severity)),
      ...(own?.base === undefined
        ? {}
        : { base: { reference: own.base.reference, digest: own.base.digest } }),
      ...(own?.reason === undefined ? {} : { baseUnknown: own.reason }),
      ...(own?.rebuild === undefined ? {} : { rebuild: own.rebuild }),
    };
  });
  return { image: { service, repository, dockerfile, digest, platforms }, used };
}

/** How a scan ended; with `failOn`, a finding of that severity or worse refuses, as does a missing result. */
export function outcomeOfScan(
  images: readonly ScannedImage[],
  failOn: FindingSeverity | undefined,
): ScanDocument["outcome"] {
  const platforms = images.flatMap((image) => image.platforms);
  const isUnknown = platforms.some(({ unknown }) => unknown !== undefined);
  const open = platforms.flatMap(({ findings }) => findings.filter(isOpen));
  if (failOn !== undefined) {
    const isBad = open.some(({ severity }) => rank(severity) <= rank(failOn));
    if (isBad || isUnknown) return "refused";
  }
  if (isUnknown) return "unknown";
  return open.length > 0 ? "findings" : "clean";
}

/** Whether nobody accepts or clears a finding. */
export function isOpen({ waived, vex }: ReportedFinding): boolean {
  return waived === undefined && vex === undefined;
}

function withVex(finding: Finding, claim: VexClaim | undefined): Omit<ReportedFinding, "origin"> {
  if (claim === undefined) return finding;
  const { status, author, because } = claim;
  return { ...finding, vex: { status, author, because } };
}

function rank(severity: FindingSeverity): number {
  return severities.indexOf(severity);
}
