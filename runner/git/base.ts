import { UserError } from "../../config/problems/errors.ts";
import { fixHere } from "../../config/problems/fix-here.ts";
import { didYouMean } from "../../config/problems/nearest.ts";
import { type Git, openGit } from "./git.ts";
import { assertNotRefused } from "./refusal.ts";

/** What sources are compared with: a commit, or nothing (every service then counts as changed). */
export type GitBase =
  | { readonly kind: "commit"; readonly ref: string; readonly commit: string }
  | { readonly kind: "none"; readonly ref: string; readonly reason: string; readonly fix?: string };

/** The commit that CI names as the base of a branch's first push. */
const nothingBefore = /^0*$/;

/**
 * Finds the commit that `--since` names. `main...` (three dots, as for git diff) is where this branch
 * left main. In these cases every service counts as changed, without an error: the first push of a
 * branch, a base that a force push took away, history that was not fetched.
 *
 * @throws UserError without git, and for a name that is not there though all history is
 */
export async function findGitBase(directory: string, ref: string): Promise<GitBase> {
  if (nothingBefore.test(ref)) {
    return { kind: "none", ref, reason: "the branch has no earlier push" };
  }
  const git = openGit(directory);
  const shallow = await isShallow(git, directory);
  const name = ref.replace(/\.\.\.(HEAD)?$/, "");
  const commit = await resolve(git, name);
  if (commit === undefined) return withoutCommit(git, name, shallow);
  if (name === ref) return { kind: "commit", ref, commit };
  const base = (await git.text(["merge-base", commit, "HEAD"]).catch(() => "")).trim();
  if (base !== "") return { kind: "commit", ref, commit: base };
  const reason = `this branch and ${name} have no known common commit`;
  return { kind: "none", ref, reason, ...(shallow ? { fix: fetchFix(name) } : {}) };
}

async function isShallow(git: Git, directory: string): Promise<boolean> {
  try {
    return (await git.text(["rev-parse", "--is-shallow-repository"])).trim() === "true";
  } catch (cause) {
    assertNotRefused(cause, directory);
    throw new UserError(
      {
        code: "not-a-repository",
        where: "--since",
        message: `${directory} is not in a git repository, or git is not installed`,
        fix: "remove --since to compare with the registry, or run the command in a clone",
      },
      { cause },
    );
  }
}

/** The commit of a name; falls back to the remote branch of that name. */
async function resolve(git: Git, name: string): Promise<string | undefined> {
  for (const candidate of [name, `origin/${name}`]) {
    // `--end-of-options`: a name that begins with a dash is not an option.
    const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${candidate}^{commit}`];
    const found = (await git.text(args).catch(() => "")).trim();
    if (/^[0-9a-f]{40,64}$/.test(found)) return found;
  }
  return undefined;
}

async function withoutCommit(git: Git, name: string, shallow: boolean): Promise<GitBase> {
  if (shallow) {
    const reason = `${name} is not in this shallow clone`;
    return { kind: "none", ref: name, reason, fix: fetchFix(name) };
  }
  if (/^[0-9a-f]{7,64}$/.test(name)) {
    return {
      kind: "none",
      ref: name,
      reason: `${name} is no longer in the history: a force push removed it`,
    };
  }
  const branches = (
    await git.text(["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"])
  )
    .split("\n")
    .filter((one) => one !== "");
  throw new UserError({
    code: "unknown-ref",
    where: "--since",
    value: name,
    message: "is not a commit, branch or tag of this repository",
    fix: didYouMean(name, branches.slice(0, 50)),
  });
}

function fetchFix(name: string): string {
  return fixHere({
    github: `set fetch-depth: 0 for actions/checkout, or fetch the commit: git fetch --depth=1 origin ${name}`,
    gitlab: `set GIT_DEPTH: 0 for the job, or fetch the commit: git fetch --depth=1 origin ${name}`,
    elsewhere: `fetch the history: git fetch --unshallow origin (only the commit: git fetch --depth=1 origin ${name})`,
  });
}
