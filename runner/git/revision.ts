import { readFile } from "node:fs/promises";
import { identifyCheckout } from "./ci.ts";
import { type Git, openGit } from "./git.ts";
import { assertNotRefused } from "./refusal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Git's facts about the source. */
export interface Revision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly committedAt: Date;
  /** A branch that the commit is on; undefined when HEAD is detached and CI names none of this commit. */
  readonly branch: string | undefined;
  /** The branch that origin/HEAD or CI calls the main one; undefined when neither does. */
  readonly mainBranch: string | undefined;
  /** Number of the pull request that the commit belongs to, or `unknownPullRequest`. */
  readonly pullRequest: string | undefined;
  /** Git tags that begin with v, on this commit. */
  readonly tagsHere: readonly string[];
  /** Git tags that begin with v, on any commit. */
  readonly versionTags: readonly string[];
  /** Whether history was left out when it was cloned: tags may be missing as well. */
  readonly isShallow: boolean;
}

/**
 * The commit that a directory is at; undefined without git, outside of a repository, and before the
 * first commit. Asks the environment of CI for what a bare checkout does not know.
 *
 * @throws UserError `foreign-repository`
 */
export async function readRevision(
  directory: string,
  environment: Environment = process.env,
): Promise<Revision | undefined> {
  try {
    const git = openGit(directory);
    const [line, localBranch, originHead, shallow, tags, origin, event] = await Promise.all([
      git.text(["rev-list", "--max-count=1", "--timestamp", "HEAD"]),
      symbolicRef(git, "HEAD", "refs/heads/"),
      symbolicRef(git, "refs/remotes/origin/HEAD", "refs/remotes/origin/"),
      git.text(["rev-parse", "--is-shallow-repository"]),
      versionTags(git),
      git.text(["config", "--get", "remote.origin.url"]).catch(() => ""),
      readEvent(environment),
    ]);
    const [seconds, commit] = line.trim().split(" ");
    if (commit === undefined || seconds === undefined) return undefined;
    const checkout = { commit, branch: localBranch, origin: origin.trim() || undefined };
    const { branch, pullRequest, mainBranch } = identifyCheckout(environment, event, checkout);
    return {
      commit,
      committedAt: new Date(Number(seconds) * 1000),
      branch,
      mainBranch: originHead ?? mainBranch,
      pullRequest,
      tagsHere: tags.filter((tag) => tag.commit === commit).map(({ name }) => name),
      versionTags: tags.map(({ name }) => name),
      isShallow: shallow.trim() === "true",
    };
  } catch (error) {
    assertNotRefused(error, directory);
    // No git, no repository, no commit: tags that need one are left out, which is said where it matters.
    return undefined;
  }
}

/** What a symbolic reference names, below `prefix`; undefined when it is none (a detached HEAD). */
async function symbolicRef(git: Git, name: string, prefix: string): Promise<string | undefined> {
  // In full: a short name is another one as soon as a tag is called like the branch.
  const target = (await git.text(["symbolic-ref", "-q", name]).catch(() => "")).trim();
  return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
}

async function versionTags(git: Git): Promise<{ name: string; commit: string }[]> {
  // The second object is the commit of an annotated tag.
  const format = "%(refname) %(*objectname) %(objectname)";
  const lines = await git.text(["for-each-ref", `--format=${format}`, "refs/tags/v*"]);
  return lines.split("\n").flatMap((line) => {
    const [ref, ...objects] = line.split(" ");
    const commit = objects.find((object) => object !== "");
    return ref === undefined || commit === undefined
      ? []
      : [{ name: ref.slice("refs/tags/".length), commit }];
  });
}

async function readEvent({ GITHUB_EVENT_PATH: path }: Environment): Promise<string | undefined> {
  return path === undefined || path === "" ? undefined : readFile(path, "utf8").catch(() => undefined);
}

/**
 * The newest common ancestor of two commits; "" if they have none. Undefined if the repository does not have
 * both, or lacks the history to decide.
 */
export async function commonAncestor(
  directory: string,
  one: string,
  other: string,
): Promise<string | undefined> {
  if (![one, other].every((commit) => /^[0-9a-f]{40}$/.test(commit))) return undefined;
  try {
    const git = openGit(directory);
    const base = (await git.text(["merge-base", one, other]).catch(unlessNone)).trim();
    if (base === one || base === other) return base;
    const shallow = (await git.text(["rev-parse", "--is-shallow-repository"])).trim() === "true";
    return shallow ? undefined : base;
  } catch (error) {
    assertNotRefused(error, directory);
    return undefined;
  }
}

/** Git exits with 1 and prints nothing if there is no common commit. */
function unlessNone(error: unknown): string {
  if (error instanceof Error && "exitCode" in error && error.exitCode === 1) return "";
  throw error;
}
