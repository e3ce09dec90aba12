import { moves, placeholdersIn, type TagCondition } from "../../config/stack/tags.ts";
import type { TagFacts } from "./facts.ts";
import { newerRelease } from "./version.ts";

/** Default names of the main branch. */
const usualMainBranches = ["main", "master"];

/** Why a format's condition is not met; undefined if it is met. `latest` has its own condition. */
export function conditionUnmet(format: string, when: TagCondition, facts: TagFacts): string | undefined {
  const { chosen, revision } = facts;
  const pullRequest = revision?.pullRequest;
  const isRelease = chosen?.semver !== undefined && !chosen.semver.isPrerelease;
  if (format === "latest" && chosen?.semver?.isPrerelease === true) return `${chosen.text} is a pre-release`;
  if (pullRequest !== undefined && moves(format) && placeholdersIn(format).includes("branch")) {
    return `pull request ${pullRequest} may come from a fork with the same branch name`;
  }
  switch (when) {
    case "any":
      return undefined;
    case "main":
      return notOnMain(facts);
    case "pull-request":
      return pullRequest === undefined ? "not a pull request" : undefined;
    case "tag":
      return chosen === undefined ? noVersion(facts) : undefined;
    case "release":
      if (isRelease) return undefined;
      return chosen === undefined ? "not a release: there is no version" : `${chosen.text} is not a release`;
    case "unversioned":
      if (chosen !== undefined) return `only without a version; this is ${chosen.text}`;
      return pullRequest === undefined ? undefined : `not for a pull request (${pullRequest})`;
  }
}

/** Why there is no version. */
export function noVersion({ revision }: TagFacts): string {
  const reason = "no version given (--version or TAG), and the commit has no v* tag";
  return revision?.isShallow === true ? `${reason}; the clone is shallow and may lack it` : reason;
}

/** The main branch's names: the setting's, git's or CI's, or the usual ones. */
export function mainBranches({ mainBranch, revision }: TagFacts): readonly string[] {
  const known = mainBranch ?? revision?.mainBranch;
  return known === undefined ? usualMainBranches : [known];
}

function notOnMain(facts: TagFacts): string | undefined {
  const { revision } = facts;
  if (revision === undefined) return "not a git repository, or it has no commits";
  // A fork's branch may be called like our main one.
  if (revision.pullRequest !== undefined) return `not for a pull request (${revision.pullRequest})`;
  const names = mainBranches(facts);
  if (revision.branch === undefined) return `no branch is checked out (needs ${names.join(" or ")})`;
  return names.includes(revision.branch)
    ? undefined
    : `${revision.branch} is not the main branch (${names.join(" or ")})`;
}

/**
 * Why a tag that goes from release to release (1.2, 1, latest of a release) is not for this version;
 * undefined when it is.
 */
export function shortFormUnmet(format: string, when: TagCondition, facts: TagFacts): string | undefined {
  const { chosen, revision, uncommittedSource } = facts;
  const used = placeholdersIn(format);
  const isShort = used.includes("major") || used.includes("minor");
  const isLatest = format === "latest" && when === "release";
  const version = chosen?.semver;
  if (version === undefined || used.includes("semver") || !(isShort || isLatest)) return undefined;
  if (version.isPrerelease) return `${chosen?.text} is a pre-release`;
  if (isShort && version.major === 0 && !used.includes("minor")) {
    return "0.x versions are not compatible with each other";
  }
  if (uncommittedSource !== undefined && chosen?.from === "git tag") {
    return `the source differs from ${chosen.text}`;
  }
  const line = used.includes("minor") ? "minor" : used.includes("major") ? "major" : "all";
  const newer = newerRelease(version, line, revision?.versionTags ?? []);
  return newer === undefined ? undefined : `${newer} is newer`;
}
