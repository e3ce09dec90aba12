import pMap from "p-map";
import type { Settings } from "../../config/settings.ts";
import type { Clients } from "../aws/clients.ts";
import type { Image } from "../registry/image.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import { scanWithEcr } from "./ecr/scan.ts";
import type { PlatformScan } from "./finding.ts";

/** Manifests that are asked about at the same time. */
const parallelScans = 8;

/** How long to wait for a scan, and how old one may be. */
export interface ScanLimits {
  /** 0: look only; start no scan, and wait for none. */
  readonly waitSeconds: number;
  readonly maxAgeDays: number;
}

/** What scanning an image needs of a session. */
export interface ScanningSession {
  readonly clients: Clients;
  readonly settings: Pick<Settings, "scanning">;
  readonly signal: AbortSignal;
}

/** The result of each platform of an image. An index itself is never scanned: nothing is known of one. */
export function scanImage(
  { clients, settings, signal }: ScanningSession,
  { repository, manifests }: Pick<Image, "repository" | "manifests">,
  limits: ScanLimits,
  clock: Clock = systemClock,
): Promise<readonly PlatformScan[]> {
  const mayStart = settings.scanning.mode === "basic";
  return pMap(
    Object.entries(manifests),
    async ([platform, digest]) => {
      const request = { ...limits, clock, mayStart, signal };
      return { platform, digest, result: await scanWithEcr(clients, repository, digest, request) };
    },
    { concurrency: parallelScans, signal },
  );
}
