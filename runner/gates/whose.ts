import type { PlatformScan } from "../findings/finding.ts";
import { type OriginSession, openOrigins } from "../findings/origin/assign.ts";
import type { Image } from "../registry/image.ts";
import type { FindingsVerdict } from "./decide.ts";

/**
 * The verdict with whose each finding is, for what the gate says of them. Nothing is read for an image that passes,
 * and no base image is scanned: a deployment does not wait for what decides nothing.
 */
export async function withOrigins(
  session: OriginSession,
  image: Image,
  scans: readonly PlatformScan[],
  verdict: FindingsVerdict,
): Promise<FindingsVerdict> {
  const told = new Set(verdict.platforms.filter((one) => one.verdict !== "pass").map((one) => one.platform));
  if (told.size === 0) return verdict;
  const originsOf = openOrigins(session, undefined);
  const origins = await originsOf(
    image,
    scans.filter(({ platform }) => told.has(platform)),
  );
  return {
    ...verdict,
    platforms: verdict.platforms.map((one) => ({
      ...one,
      findings: one.findings.map((judged) => {
        const origin = origins.get(one.platform)?.origins.get(judged.finding);
        return origin === undefined || origin === "unknown" ? judged : { ...judged, origin };
      }),
    })),
  };
}
