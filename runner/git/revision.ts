import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type SimpleGit, simpleGit } from "simple-git";
import { branchFromCi, mainBranchFromCi, pullRequestFromCi } from "./ci.ts";
import { withoutEngineKeys } from "./engine-keys.ts";
import { assertNotRefused } from "./refusal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What git knows about the source. */
export interface Revision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly committedAt: Date;
  /** Undefined when detached and nothing else names it. */
  readonly branch: string | undefined;
  /** The branch that origin/HEAD or CI calls the main one; undefined when neither does. */
  readonly mainBranch: string | undefined;
  /** Number of the pull request that CI builds. */
  readonly pullRequest: string | undefined;
  /** Git tags that begin with v, on this commit. */
  readonly tagsHere: readonly string[];
  /** Git tags that begin with v, on any commit. */
  readonly versionTags: readonly string[];
  /** Whether history was left out when it was cloned: tags may be missing, too. */
  readonly isShallow: boolean;
  /** Files and folders (ending in `/`) that differ from the commit, relative to the directory asked about. */
  readonly uncommitted: readonly string[];
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
    const git = simpleGit(directory);
    const [line, branch, originHead, shallow, tags, uncommitted, event] = await Promise.all([
      git.raw(["log", "-1", "--format=%H %ct"]),
      symbolicRef(git, "HEAD", "refs/heads/"),
      symbolicRef(git, "refs/remotes/origin/HEAD", "refs/remotes/origin/"),
      git.raw(["rev-parse", "--is-shallow-repository"]),
      versionTags(git),
      uncommittedPaths(git, directory),
      readEvent(environment),
    ]);
    const [commit, seconds] = line.trim().split(" ");
    if (commit === undefined || seconds === undefined) return undefined;
    return {
      commit,
      committedAt: new Date(Number(seconds) * 1000),
      branch: branch ?? branchFromCi(environment),
      mainBranch: originHead ?? mainBranchFromCi(environment, event),
      pullRequest: pullRequestFromCi(environment),
      tagsHere: tags.filter((tag) => tag.commit === commit).map(({ name }) => name),
      versionTags: tags.map(({ name }) => name),
      isShallow: shallow.trim() === "true",
      uncommitted,
    };
  } catch (error) {
    assertNotRefused(error, directory);
    // No git, no repository, no commit: tags that need one are left out, which is said where it matters.
    return undefined;
  }
}

/** What a symbolic reference names, below `prefix`; undefined when it is none (a detached HEAD). */
async function symbolicRef(git: SimpleGit, name: string, prefix: string): Promise<string | undefined> {
  // In full: a short name is another one as soon as a tag is called like the branch.
  const target = (await git.raw(["symbolic-ref", "-q", name]).catch(() => "")).trim();
  return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
}

async function versionTags(git: SimpleGit): Promise<{ name: string; commit: string }[]> {
  // The second object is the commit of an annotated tag.
  const format = "%(refname) %(*objectname) %(objectname)";
  const lines = await git.raw(["for-each-ref", `--format=${format}`, "refs/tags/v*"]);
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

async function uncommittedPaths(git: SimpleGit, directory: string): Promise<string[]> {
  const [prefix, status] = await Promise.all([
    git.raw(["rev-parse", "--show-prefix"]),
    git.raw(["status", "--porcelain", "-z", "--no-renames", "--", "."]),
  ]);
  return withoutEngineKeys(git, pathsOfStatus(status, prefix.trim()), (path) =>
    readFile(join(directory, path), "utf8").catch(() => undefined),
  );
}

/**
 * The paths in what `git status --porcelain -z --no-renames` prints, relative to the folder at `prefix`
 * of the repository.
 */
export function pathsOfStatus(status: string, prefix: string): string[] {
  return status
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3))
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
}

/** Whether any of the paths that changed is one of `read`, or inside one, or a folder that holds one. */
export function touches(changed: readonly string[], read: readonly string[]): boolean {
  const asFolder = (path: string) => `${path.replace(/^\.\//, "").replace(/\/+$/, "")}/`;
  return read.some((path) => {
    const folder = asFolder(path);
    if (folder === "./") return changed.length > 0;
    return changed.some((one) => asFolder(one).startsWith(folder) || folder.startsWith(asFolder(one)));
  });
}

/**
 * The newest commit that two commits both come from; "" when they have none in common. Undefined when
 * the repository does not have both, or was fetched without the history that would tell.
 */
export async function commonAncestor(
  directory: string,
  one: string,
  other: string,
): Promise<string | undefined> {
  if (![one, other].every((commit) => /^[0-9a-f]{40}$/.test(commit))) return undefined;
  try {
    const git = simpleGit(directory);
    const base = (await git.raw(["merge-base", one, other])).trim();
    if (base === one || base === other) return base;
    const shallow = (await git.raw(["rev-parse", "--is-shallow-repository"])).trim() === "true";
    return shallow ? undefined : base;
  } catch (error) {
    assertNotRefused(error, directory);
    return undefined;
  }
}
