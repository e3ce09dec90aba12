import { ownMovingTags, referrersTags } from "../../config/names.ts";

const prefixes = ownMovingTags.map((pattern) => pattern.replace("*", ""));

/** Whether a tag is one of Slipway's own. */
export function isOwnTag(tag: string): boolean {
  return prefixes.some((prefix) => tag.startsWith(prefix));
}

/**
 * The reserved pattern (Slipway's or the registry's) that a tag matches; undefined if the tag is free. Only
 * its name decides, not what the tag was made from.
 */
export function reservedPattern(tag: string): string | undefined {
  return [...ownMovingTags, referrersTags].find((pattern) => tag.startsWith(pattern.replace("*", "")));
}

/** A commit among tags: 7 to 40 hexadecimal digits, alone or after a name (`main-0123abc`). */
export function commitOf(tags: readonly string[]): string | undefined {
  const found = tags.flatMap((tag) =>
    isOwnTag(tag)
      ? []
      : (/(?:^|-)(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)([0-9a-f]{7,40})(?:$|-)/.exec(tag)?.[1] ?? []),
  );
  return found.toSorted((a, b) => b.length - a.length)[0];
}
