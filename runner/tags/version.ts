import compare from "semver/functions/compare.js";
import parse from "semver/functions/parse.js";

/** The version of an image: given with a deployment, or from a git tag. */
export interface Version {
  readonly text: string;
  readonly from: "given" | "git tag";
  /** Undefined when it is not a semantic version. */
  readonly semver: SemanticVersion | undefined;
}

export interface SemanticVersion {
  /** `1.2.3-rc.1`: without a leading v, and without what follows a plus. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly isPrerelease: boolean;
}

/** The version to use: the given one, or else the highest git tag of the commit. */
export function chooseVersion(
  given: string | undefined,
  tagsHere: readonly string[] = [],
): Version | undefined {
  if (given !== undefined) return { text: given, from: "given", semver: semanticVersion(given) };
  const [text] = [...tagsHere].filter((tag) => /^v\d/.test(tag)).sort((a, b) => byVersion(b, a));
  return text === undefined ? undefined : { text, from: "git tag", semver: semanticVersion(text) };
}

/** A text as a semantic version: `v1.2.3`, `1.2.3-rc.1`; undefined when it is none. */
export function semanticVersion(text: string): SemanticVersion | undefined {
  if (!/^v?\d/.test(text)) return undefined;
  const parsed = parse(text);
  if (parsed === null) return undefined;
  const { version, major, minor, prerelease } = parsed;
  return { text: version, major, minor, isPrerelease: prerelease.length > 0 };
}

/**
 * The release that is newer than this one in its line, of the git tags there are: it has the short
 * forms and `latest`, and a later release of an older line does not take them.
 *
 * @param line how much of the version two releases have in common
 */
export function newerRelease(
  version: SemanticVersion,
  line: "all" | "major" | "minor",
  tags: readonly string[],
): string | undefined {
  return tags.find((tag) => {
    const other = semanticVersion(tag);
    if (other === undefined || other.isPrerelease) return false;
    if (line !== "all" && other.major !== version.major) return false;
    if (line === "minor" && other.minor !== version.minor) return false;
    return compare(other.text, version.text) > 0;
  });
}

/** Sorts semantic versions by precedence, above all other texts. */
function byVersion(a: string, b: string): number {
  const [left, right] = [semanticVersion(a), semanticVersion(b)];
  if (left !== undefined && right !== undefined) return compare(left.text, right.text);
  if (left === undefined && right === undefined) return a < b ? -1 : a > b ? 1 : 0;
  return left === undefined ? -1 : 1;
}
