import type { StoredImage } from "./image.ts";

/** What an image is to the team that pays for it. */
export const imageWhats = [
  "in use",
  "last good",
  "releases",
  "pull requests",
  "evidence",
  "caches",
  "untagged",
  "archive",
] as const;

export type ImageWhat = (typeof imageWhats)[number];

/** What is asked about an image besides its tags. */
export interface Known extends StoredImage {
  /** Media type of the artifact or configuration. */
  readonly type: string;
}

/**
 * What an image is, by the first answer that fits: that something runs it, that a rollback would return to it, and
 * then by its tags and type. A platform has no tags: it is what its index is, of several the first in the list.
 *
 * @param reasons why it is needed; empty if nothing needs it
 * @param indexes what the indexes are that list it
 */
export function whatOf(
  image: Known,
  reasons: readonly string[],
  indexes: readonly ImageWhat[] = [],
): ImageWhat {
  if (image.archivedAt !== undefined) return "archive";
  if (reasons.some((why) => !isForRollback(why))) return "in use";
  if (reasons.length > 0) return "last good";
  if (image.type.includes("buildkit.cacheconfig")) return "caches";
  if (image.subject !== undefined || image.tags.some(isRecord)) return "evidence";
  if (image.tags.some((tag) => /^pr-/.test(tag))) return "pull requests";
  if (image.tags.length > 0) return "releases";
  return imageWhats.find((what) => indexes.includes(what)) ?? "untagged";
}

function isForRollback(why: string): boolean {
  return /last good|rollback|last successful/.test(why);
}

/** Tags of artifacts: release records, and lists of referrers or cosign's old signatures. */
function isRecord(tag: string): boolean {
  return tag.startsWith("inuse-releases.") || /^sha256-[0-9a-f]{64}/.test(tag);
}
