import { UserError } from "../../../../config/problems/errors.ts";
import { type Clone, fetchTip, timedOut } from "./clone.ts";
import { accessProblem, type GitFailure, isGitFailure, lastWords, saidBy } from "./failure.ts";

/** What became of a push. */
export type Pushed =
  | { readonly kind: "done" }
  /** Somebody else pushed first, or holds the branch: worth another round. */
  | { readonly kind: "overtaken" };

/** What servers say while another push holds the branch, though it has not moved yet. */
const held =
  /cannot lock ref|failed to (update|lock) ref|incorrect old value|reference already exists|stale info|try again/i;

/**
 * Pushes a commit onto the branch, never by force. Whether a rejection is worth another round is decided by
 * where the branch is after it, not by the server's words, which differ: a branch that has moved was pushed to
 * by somebody else.
 *
 * @param commit whose parent is `tip`
 * @throws UserError `push-rejected` and those of reaching the repository; nothing was pushed then
 */
export async function pushCommit(clone: Clone, commit: string, tip: string): Promise<Pushed> {
  const { branch } = clone.remote;
  try {
    // Without the run's signal: a push that has begun is brought to its end.
    await clone
      .network()
      .text([
        ...["push", "--porcelain", "--no-verify", "--no-recurse-submodules", "--no-follow-tags"],
        ...["origin", `${commit}:refs/heads/${branch}`],
      ]);
    return { kind: "done" };
  } catch (error) {
    const now = await fetchTip(clone).catch(() => undefined);
    if (now !== undefined && (await isAncestor(clone, commit, now))) return { kind: "done" };
    if (!isGitFailure(error)) throw timedOut(clone.remote, error);
    const said = `${error.stdout}\n${saidBy(error, clone.secrets)}`;
    if (now !== undefined && (now !== tip || held.test(said))) return { kind: "overtaken" };
    throw rejection(clone, error);
  }
}

/**
 * Asks the server whether it would take a push of this account, without one. Rules of the branch and hooks are
 * asked only by a real push.
 *
 * @param branch default: the target's own
 * @throws UserError as for a push
 */
export async function tryPush(
  clone: Clone,
  tip: string,
  signal: AbortSignal,
  branch: string = clone.remote.branch,
): Promise<void> {
  const { remote, secrets } = clone;
  try {
    const args = ["push", "--dry-run", "--porcelain", "--no-verify", "--no-recurse-submodules"];
    await clone.network(signal).text([...args, "origin", `${tip}:refs/heads/${branch}`]);
  } catch (error) {
    signal.throwIfAborted();
    if (!isGitFailure(error)) throw timedOut(remote, error);
    // The branch has moved since: the server did answer.
    if (/^!\t/m.test(error.stdout)) return;
    throw accessProblem(remote, error, secrets);
  }
}

/** Whether a commit is in the history of another, as far as the copy has it. */
export async function isAncestor({ local }: Clone, commit: string, later: string): Promise<boolean> {
  try {
    await local.text(["merge-base", "--is-ancestor", commit, later]);
    return true;
  } catch (error) {
    if (isGitFailure(error)) return false;
    throw error;
  }
}

function rejection(clone: Clone, failure: GitFailure): UserError {
  const { remote, secrets } = clone;
  const said = saidBy(failure, secrets);
  // `!	<from>:<to>	[remote rejected] (pre-receive hook declined)`
  const rejected = /^!\t[^\t]*\t(.*)$/m.exec(failure.stdout)?.[1];
  if (rejected === undefined) return accessProblem(remote, failure, secrets);
  const reason = /\((.*)\)/.exec(rejected)?.[1] ?? rejected;
  const remarks = said
    .split("\n")
    .filter((line) => line.startsWith("remote:"))
    .map((line) => line.replace(/^remote:\s*/, "").trim())
    .filter((line) => line !== "");
  return new UserError(
    {
      code: "push-rejected",
      where: `${remote.name}, branch ${remote.branch}`,
      message: `the server rejected the push (${reason})${remarks.length === 0 ? "" : `: ${lastWords(remarks.join("\n"))}`}`,
      fix: adviceFor(`${reason} ${remarks.join(" ")}`),
    },
    { exitCode: 1 },
  );
}

/** What lets a push through, by what the server says. */
export function adviceFor(said: string): string {
  if (/checked out/i.test(said)) return "push to a bare repository, or check out another branch there";
  if (/protected|GH006|GH013|ruleset|not allowed to push/i.test(said)) {
    return "let the account of this run push to the branch, by a rule's bypass list, or name a branch that it may push to";
  }
  return "change what the server's hook objects to, or let this account push to the branch";
}
