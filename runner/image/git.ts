import { type SimpleGit, simpleGit } from "simple-git";

/** What git knows about the source. */
export interface Revision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly committedAt: Date;
  /** Undefined when detached and nothing else names it. */
  readonly branch: string | undefined;
  /** Whether there are changes that are not committed. */
  readonly dirty: boolean;
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
    const [line, branch, dirty] = await Promise.all([
      git.raw(["log", "-1", "--format=%H %ct"]),
      currentBranch(git),
      isDirty(git),
    ]);
    const [commit, seconds] = line.trim().split(" ");
    if (commit === undefined || seconds === undefined) return undefined;
    return {
      commit,
      committedAt: new Date(Number(seconds) * 1000),
      branch: branch ?? branchFromCi(environment),
      dirty,
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

async function isDirty(git: SimpleGit): Promise<boolean> {
  const status = await git.raw(["status", "--porcelain", "--untracked-files=no"]);
  return status.trim() !== "";
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
