import { stackFile } from "../../config/description/description.ts";
import type { Problem } from "../../config/problems/errors.ts";
import {
  moves,
  namesCommit,
  type Placeholder,
  placeholdersIn,
  type TagFormat,
} from "../../config/stack/tags.ts";
import { unknownPullRequest } from "../git/ci.ts";
import { conditionUnmet, noVersion, shortFormUnmet } from "./conditions.ts";
import type { TagFacts, TagSource } from "./facts.ts";
import { reservedPattern } from "./own.ts";
import { describeFormat, utcDigits } from "./reasons.ts";
import { branchPart, maximumTagLength, sanitizeTag } from "./text.ts";
import { chooseVersion } from "./version.ts";

export interface PlannedTag {
  readonly tag: string;
  readonly format: string;
  /** Reason for the tag, for display. */
  readonly reason: string;
  /** Whether the tag moves from image to image. */
  readonly moves: boolean;
}

export interface LeftOutFormat {
  readonly format: string;
  readonly reason: string;
  /** `condition`: as the strategy wants it; `unknown`: for want of something. */
  readonly because: "condition" | "unknown";
}

export interface TagPlan {
  /** Valid and different from each other, in the order of the formats; the version comes last. */
  readonly tags: readonly string[];
  readonly planned: readonly PlannedTag[];
  readonly leftOut: readonly LeftOutFormat[];
  /** Problems that refuse a deployment, such as a version that can't be a tag. */
  readonly problems: readonly Problem[];
}

type Judged = { planned: PlannedTag } | { leftOut: LeftOutFormat } | { problem: Problem };

/**
 * The tags that a stack's formats make of a revision and a version. Times are the commit's and in UTC,
 * so that the same commit has the same tags wherever and whenever it is deployed. A format whose
 * condition is not met, or with a placeholder that nothing is known for, is left out.
 */
export function planTags(formats: readonly TagFormat[], source: TagSource): TagPlan {
  const facts: TagFacts = { ...source, chosen: chooseVersion(source.version, source.revision?.tagsHere) };
  const judged = withVersion(formats, facts).map((format) => judge(format, facts));
  const all = judged.flatMap((one) => ("planned" in one ? [one.planned] : []));
  const planned = all.filter(({ tag }, index) => all.findIndex((other) => other.tag === tag) === index);
  return {
    tags: planned.map(({ tag }) => tag),
    planned,
    leftOut: judged.flatMap((one) => ("leftOut" in one ? [one.leftOut] : [])),
    problems: judged.flatMap((one) => ("problem" in one ? [one.problem] : [])),
  };
}

/** A version that no format uses becomes a tag itself. */
function withVersion(formats: readonly TagFormat[], { chosen }: TagFacts): readonly TagFormat[] {
  const hasPlace = formats.some(({ format }) => /\{(version|semver)\}/.test(format));
  return chosen === undefined || hasPlace ? formats : [...formats, { format: "{version}", when: "tag" }];
}

function judge({ format, when }: TagFormat, facts: TagFacts): Judged {
  const leftOut = (because: LeftOutFormat["because"], reason: string): Judged => ({
    leftOut: { format, reason, because },
  });
  const problem = versionProblem(format, facts);
  if (problem !== undefined) return { problem };
  const unmet = conditionUnmet(format, when, facts);
  if (unmet !== undefined) return leftOut("condition", unmet);
  const values = valuesOf(facts);
  const used = placeholdersIn(format);
  const missing = used.find((name) => values[name] === undefined);
  if (missing !== undefined) return leftOut("unknown", reasonForMissing(missing, facts));
  const short = shortFormUnmet(format, when, facts);
  if (short !== undefined) return leftOut("condition", short);

  const tag = sanitizeTag(fill(format, values, suffixOf(format, facts)));
  if (tag === undefined)
    return { problem: unusable(format, facts, "no character of it is allowed in a tag") };
  if (tag.length > maximumTagLength) {
    return {
      problem: unusable(
        format,
        facts,
        `makes a tag of ${tag.length} characters from ${format}; the limit is ${maximumTagLength}`,
        tag,
      ),
    };
  }
  const reserved = reservedPattern(tag);
  if (reserved !== undefined) {
    // A team names its branches freely, so a branch name is never an error.
    const isBranch = used.includes("branch") && !(facts.version !== undefined && namesVersion(format));
    const message = `would make the tag ${tag}; Slipway reserves ${reserved}`;
    return isBranch
      ? leftOut("unknown", `branch ${facts.revision?.branch} ${message}`)
      : { problem: reservedTag(format, facts, message) };
  }
  return { planned: { tag, format, reason: describeFormat(format, when, facts), moves: moves(format) } };
}

/** The problem of a given version that is not a version, if the strategy uses versions. */
function versionProblem(format: string, { chosen, version }: TagFacts): Problem | undefined {
  const wantsSemver = /\{(semver|major|minor)\}/.test(format);
  if (version === undefined || chosen?.semver !== undefined || !wantsSemver) return undefined;
  return {
    code: "not-semver",
    where: "--version",
    value: version,
    message: `is not a semantic version, but slipway:tags contains ${format}`,
    fix: "use a version such as v1.2.3 or 1.2.3-rc.1, or remove that format from slipway:tags",
  };
}

function namesVersion(format: string): boolean {
  return /\{(version|semver)\}/.test(format);
}

function reservedTag(format: string, { version, stack }: TagFacts, message: string): Problem {
  return version !== undefined && namesVersion(format)
    ? {
        code: "reserved-tag",
        where: "--version",
        value: version,
        message,
        fix: "use a version with another prefix, such as v1.2.3",
      }
    : {
        code: "reserved-tag",
        where: stackFile(stack),
        key: "slipway:tags",
        value: format,
        message,
        fix: "use another prefix for the tag",
      };
}

function unusable(format: string, { version, stack }: TagFacts, message: string, tag?: string): Problem {
  const fromVersion = version !== undefined && /\{(version|semver)\}/.test(format);
  return fromVersion
    ? {
        code: "unusable-tag",
        where: "--version",
        value: version,
        message,
        fix: "use a shorter version of letters, digits, . _ and -",
      }
    : {
        code: "unusable-tag",
        where: stackFile(stack),
        key: "slipway:tags",
        value: tag ?? format,
        message: tag === undefined ? `${format}: ${message}` : message,
        fix: "use a shorter format",
      };
}

/** The suffix of a tag that names the commit, or its git version, when the source differs from the commit. */
function suffixOf(format: string, { uncommittedSource, chosen }: TagFacts): string {
  if (uncommittedSource === undefined) return "";
  const ofGitTag = chosen?.from === "git tag" && /\{(version|semver)\}/.test(format);
  return namesCommit(format) || ofGitTag ? `-dirty-${uncommittedSource.slice(0, 8)}` : "";
}

type Values = Readonly<Record<Placeholder, string | undefined>>;

function valuesOf({ stack, revision, chosen }: TagFacts): Values {
  const time = revision && utcDigits(revision.committedAt);
  const semver = chosen?.semver;
  return {
    sha7: revision?.commit.slice(0, 7),
    sha8: revision?.commit.slice(0, 8),
    sha: revision?.commit,
    timestamp: time && `${time.date}${time.clock}`,
    "date-time": time && `${time.date}-${time.clock}`,
    branch: revision?.branch,
    pr: revision?.pullRequest === unknownPullRequest ? undefined : revision?.pullRequest,
    version: chosen?.text,
    semver: semver?.text,
    major: semver && String(semver.major),
    minor: semver && String(semver.minor),
    stack,
  };
}

/** Fills a format with its values, and shortens the branch if the tag would be too long. */
function fill(format: string, values: Values, suffix: string): string {
  const value = (name: string) => values[name as Placeholder] ?? "";
  const rest = `${format.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => (name === "branch" ? "" : value(name)))}${suffix}`;
  const branches = placeholdersIn(format).filter((name) => name === "branch").length;
  const room = Math.max(16, Math.floor((maximumTagLength - rest.length) / Math.max(1, branches)));
  const filled = format.replaceAll(/\{([^{}]*)\}/g, (_, name: string) =>
    name === "branch" ? branchPart(value(name), room) : value(name),
  );
  return `${filled}${suffix}`;
}

function reasonForMissing(placeholder: Placeholder, facts: TagFacts): string {
  const { revision, chosen } = facts;
  if (["version", "semver", "major", "minor"].includes(placeholder)) {
    return chosen === undefined ? noVersion(facts) : `${chosen.text} is not a semantic version`;
  }
  if (revision === undefined) return "not a git repository, or it has no commits";
  if (placeholder === "pr") {
    return revision.pullRequest === undefined ? "not a pull request" : "the pull request number is unknown";
  }
  return "no branch is checked out";
}
