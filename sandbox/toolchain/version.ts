/** Compares dotted versions by their numbers, part by part: below zero when `left` is older. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.replace(/^v/, "").split(".").map(Number.parseFloat));
  for (let index = 0; index < Math.max(a?.length ?? 0, b?.length ?? 0); index += 1) {
    const difference = (a?.[index] || 0) - (b?.[index] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The versions that do: `atLeast` up to, but not including, `below`. */
export interface VersionRange {
  readonly atLeast: string;
  readonly below?: string;
}

/** Why a version is out of the range; nothing when it does. */
export function refuseVersion(version: string, range: VersionRange): string | undefined {
  if (compareVersions(version, range.atLeast) < 0)
    return `is ${version}, ${range.atLeast} or newer is needed`;
  if (range.below !== undefined && compareVersions(version, range.below) >= 0) {
    return `is ${version}, older than ${range.below} is needed`;
  }
  return undefined;
}
