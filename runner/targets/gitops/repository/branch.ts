import { UserError } from "../../../../config/problems/errors.ts";
import { type Clone, timedOut } from "./clone.ts";
import { accessProblem, isGitFailure, lastWords, saidBy } from "./failure.ts";
import type { Pushed } from "./push.ts";

/** Where a branch of a proposal lies in the copy. */
function localRef(branch: string): string {
  return `refs/slipway/${branch}`;
}

/**
 * Fetches a branch beside the target's own.
 *
 * @returns the commit that it is at; undefined when there is no such branch
 * @throws UserError when the repository can't be reached
 */
export async function fetchBranch(
  clone: Clone,
  branch: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const network = clone.network(signal);
  try {
    const listed = await network.text(["ls-remote", "origin", `refs/heads/${branch}`]);
    const commit = /^([0-9a-f]{40,64})\t/.exec(listed)?.[1];
    if (commit === undefined) return undefined;
    const fetch = ["fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--no-recurse-submodules"];
    const args = [...fetch, "--filter=blob:none", "--depth=1", "origin"];
    await network.text([...args, `+refs/heads/${branch}:${localRef(branch)}`]);
    return (await clone.git.text(["rev-parse", "--verify", `${localRef(branch)}^{commit}`])).trim();
  } catch (error) {
    signal?.throwIfAborted();
    if (!isGitFailure(error)) throw timedOut(clone.remote, error);
    // Somebody has deleted it since.
    if (/couldn't find remote ref/i.test(error.stderr)) return undefined;
    throw accessProblem(clone.remote, error, clone.secrets);
  }
}

/**
 * Puts a branch at a commit, whatever it was at, as long as it still is where it was seen.
 *
 * @param seen the commit that it was at; undefined: there was no such branch
 * @throws UserError `push-rejected` and those of reaching the repository
 */
export async function replaceBranch(
  clone: Clone,
  branch: string,
  commit: string,
  seen: string | undefined,
): Promise<Pushed> {
  const { remote, secrets } = clone;
  const ref = `refs/heads/${branch}`;
  try {
    // Without the run's signal: a push that has begun is brought to its end.
    await clone
      .network()
      .text([
        ...["push", "--porcelain", "--no-verify", "--no-recurse-submodules", "--no-follow-tags"],
        ...[`--force-with-lease=${ref}:${seen ?? ""}`, "origin", `${commit}:${ref}`],
      ]);
    return { kind: "done" };
  } catch (error) {
    const now = await fetchBranch(clone, branch).catch(() => seen);
    if (now === commit) return { kind: "done" };
    if (!isGitFailure(error)) throw timedOut(remote, error);
    if (now !== seen) return { kind: "overtaken" };
    const rejected = /^!\t[^\t]*\t(.*)$/m.exec(error.stdout)?.[1];
    if (rejected === undefined) throw accessProblem(remote, error, secrets);
    throw new UserError(
      {
        code: "push-rejected",
        where: `${remote.name}, branch ${branch}`,
        message: `the server rejected the push ${rejected}: ${lastWords(saidBy(error, secrets))}`,
        fix: "let the account of this run push to branches that begin with slipway/",
      },
      { exitCode: 1 },
    );
  }
}

/** Deletes a branch that is still where it was seen; one that is gone or has moved stays as it is. */
export async function deleteBranch(clone: Clone, branch: string, seen: string): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  try {
    const args = ["push", "--porcelain", "--no-verify", `--force-with-lease=${ref}:${seen}`];
    await clone.network().text([...args, "origin", `:${ref}`]);
    return true;
  } catch (error) {
    if (isGitFailure(error)) return false;
    throw timedOut(clone.remote, error);
  }
}

/** The message of a commit that is in the copy, and its parents. */
export async function readCommit({ git }: Clone, commit: string) {
  const raw = await git.text(["cat-file", "commit", commit]);
  const end = raw.indexOf("\n\n");
  // As it is stored: the copy has not all parents, and git would leave those out.
  const parents = [...raw.slice(0, end).matchAll(/^parent (\S+)$/gm)].flatMap(([, id]) => id ?? []);
  return { message: raw.slice(end + 2), parents };
}

/** The branches of the repository that begin with these characters. */
export async function listBranches(
  clone: Clone,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const listed = await clone.network(signal).text(["ls-remote", "origin", `refs/heads/${prefix}*`]);
    return [...listed.matchAll(/^[0-9a-f]+\trefs\/heads\/(.+)$/gm)].flatMap(([, name]) => name ?? []);
  } catch (error) {
    signal.throwIfAborted();
    if (!isGitFailure(error)) throw timedOut(clone.remote, error);
    throw accessProblem(clone.remote, error, clone.secrets);
  }
}
