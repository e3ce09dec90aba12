import { createHash } from "node:crypto";

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
export const maximumTagLength = 128;

/**
 * Turns a text into a tag that registries accept: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`. Everything else
 * becomes a hyphen; undefined when nothing is left. Not cut.
 */
export function sanitizeTag(text: string): string | undefined {
  const tag = text
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[.-]+/, "")
    .replace(/-+$/, "");
  return tag === "" ? undefined : tag;
}

/**
 * A branch as a part of a tag. Slashes become hyphens. When more than that is lost (emoji, or letters
 * for want of room) a hash of the whole name is put behind it, so that two branches never share a tag.
 *
 * @param room characters that it may have; at least 16
 */
export function branchPart(branch: string, room: number): string {
  const hyphened = branch.replaceAll("/", "-");
  const clean = sanitizeTag(branch) ?? "branch";
  if (clean === hyphened && clean.length <= room) return clean;
  const hash = createHash("sha256").update(branch).digest("hex").slice(0, 8);
  return `${clean.slice(0, room - hash.length - 1).replace(/[-.]+$/, "")}-${hash}`;
}
