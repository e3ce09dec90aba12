import pMap from "p-map";
import type { Settings } from "../../config/settings.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image } from "../registry/image.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import { scanWithEcr } from "./ecr/scan.ts";
import { type PlatformScan, type ScanResult, unlessStale } from "./finding.ts";

/** Manifests that are asked about at the same time. */
const parallelScans = 8;

/** Who scans, how long to wait for a scan, and how old one may be. */
export interface ScanLimits {
  readonly source: "ecr" | "grype" | "trivy";
  /** 0: look only; start no scan, and wait for none. */
  readonly waitSeconds: number;
  readonly maxAgeDays: number;
}

/** What scanning an image needs of a session. */
export interface ScanningSession {
  readonly clients: Clients;
  readonly settings: { readonly scanning: Pick<Settings["scanning"], "mode"> };
  readonly signal: AbortSignal;
}

/** The result of each platform of an image. An index itself is never scanned: nothing is known of one. */
export function scanImage(
  session: ScanningSession,
  image: Pick<Image, "repository" | "registry" | "manifests">,
  limits: ScanLimits,
  clock: Clock = systemClock,
): Promise<readonly PlatformScan[]> {
  return pMap(
    Object.entries(image.manifests),
    async ([platform, digest]) => ({
      platform,
      digest,
      result: await scanManifest(session, { ...image, digest }, limits, clock),
    }),
    { concurrency: parallelScans, signal: session.signal },
  );
}

async function scanManifest(
  { clients, settings, signal }: ScanningSession,
  { registry, repository, digest }: Pick<Image, "repository" | "registry" | "digest">,
  { source, waitSeconds, maxAgeDays }: ScanLimits,
  clock: Clock,
): Promise<ScanResult> {
  if (source === "ecr") {
    const mayStart = settings.scanning.mode === "basic";
    const request = { waitSeconds, maxAgeDays, clock, mayStart, signal };
    return scanWithEcr(clients, repository, digest, request);
  }
  if (waitSeconds === 0) {
    return { state: "unknown", status: "NOT_SCANNED", reason: `${source} was not run` };
  }
  const { scanWithScanner } = await import("./scanner/scan.ts");
  const request = { registry, repository, digest, waitSeconds, signal };
  const result = await scanWithScanner(source, clients, request);
  return unlessStale(result, maxAgeDays, new Date(clock.now()));
}
