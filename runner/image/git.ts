import { type SimpleGit, simpleGit } from "simple-git";

/** What git knows about the source. */
export interface Revision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly committedAt: Date;
  /** Undefined when detached and nothing else names it. */
  readonly branch: string | undefined;
  /** Files and folders (ending in `/`) that differ from the commit, relative to the directory asked about. */
  readonly uncommitted: readonly string[];
}

/**
 * The commit that a directory is at; undefined without git, outside of a repository, and before the
 * first commit. Asks the environment of CI for the branch when it has checked out a bare commit.
 */
export async function readRevision(
  directory: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Revision | undefined> {
  try {
    const git = simpleGit(directory);
    const [line, branch, uncommitted] = await Promise.all([
      git.raw(["log", "-1", "--format=%H %ct"]),
      currentBranch(git),
      uncommittedPaths(git),
    ]);
    const [commit, seconds] = line.trim().split(" ");
    if (commit === undefined || seconds === undefined) return undefined;
    return {
      commit,
      committedAt: new Date(Number(seconds) * 1000),
      branch: branch ?? branchFromCi(environment),
      uncommitted,
    };
  } catch {
    // No git, no repository, no commit: tags that need one are left out, which is said where it matters.
    return undefined;
  }
}

async function currentBranch(git: SimpleGit): Promise<string | undefined> {
  const name = (await git.raw(["rev-parse", "--abbrev-ref", "HEAD"])).trim();
  return name === "HEAD" || name === "" ? undefined : name;
}

async function uncommittedPaths(git: SimpleGit): Promise<string[]> {
  const [prefix, status] = await Promise.all([
    git.raw(["rev-parse", "--show-prefix"]),
    git.raw(["status", "--porcelain", "-z", "--no-renames", "--", "."]),
  ]);
  return pathsOfStatus(status, prefix.trim());
}

/**
 * The paths in what `git status --porcelain -z --no-renames` prints, relative to the folder at `prefix`
 * of the repository. Pure.
 */
export function pathsOfStatus(status: string, prefix: string): string[] {
  return status
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3))
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
}

/** Whether any of the paths that changed is one of `read`, or inside one, or a folder that holds one. Pure. */
export function touches(changed: readonly string[], read: readonly string[]): boolean {
  const asFolder = (path: string) => `${path.replace(/^\.\//, "").replace(/\/+$/, "")}/`;
  return read.some((path) => {
    const folder = asFolder(path);
    if (folder === "./") return changed.length > 0;
    return changed.some((one) => asFolder(one).startsWith(folder) || folder.startsWith(asFolder(one)));
  });
}

/** Branch that CI says it builds. Pure. */
export function branchFromCi(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  // GITHUB_HEAD_REF is the branch of a pull request; GITHUB_REF_NAME would be `12/merge` there.
  const names = [
    environment.GITHUB_HEAD_REF,
    environment.GITHUB_REF_TYPE === "tag" ? undefined : environment.GITHUB_REF_NAME,
  ];
  return names.find((name) => name !== undefined && name !== "");
}
