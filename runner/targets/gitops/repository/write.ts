import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../../config/problems/errors.ts";
import type { Clone } from "./clone.ts";
import { fetchTip } from "./clone.ts";
import type { MadeCommit } from "./commit.ts";
import { openCommitter } from "./committer.ts";
import { changedOf, committed, type EditResult, editAll, type WriteRequest } from "./edits.ts";
import { commitMessage } from "./message.ts";
import { writeTree } from "./tree.ts";

/** What became of one target. */
export type Written =
  | {
      readonly kind: "done";
      /** The commit on the branch that has the image: ours, or the one that had it already. */
      readonly commit: string;
      /** Whether a commit was made for it. */
      readonly changed: boolean;
      /** How often the edit was made: once, and again for each push of somebody else. */
      readonly rounds: number;
      /** Whether the server calls the signature of our commit valid; undefined where it was not asked. */
      readonly isVerified?: boolean;
    }
  | { readonly kind: "failed"; readonly error: unknown };

/** What became of each target: on the commit that was made for the edits, or on the tip that had its image. */
export function writtenBy(
  results: readonly EditResult[],
  { commit, tip, rounds }: { readonly commit?: MadeCommit; readonly tip: string; readonly rounds: number },
): readonly Written[] {
  return results.map((one) => {
    if (one.kind === "failed") return one;
    if (!one.changed || commit === undefined) return { ...one, commit: tip, rounds };
    const { id, isVerified } = commit;
    return { ...one, commit: id, rounds, ...(isVerified === undefined ? {} : { isVerified }) };
  });
}

/** Most rounds, and the longest pause between two. */
const maximumRounds = 50;
const longestPauseMilliseconds = 3000;

/**
 * Writes images into the branch: fetch, edit, commit, push. When somebody else has pushed meanwhile, all of it
 * is done again on the new commit, so that nobody's change is lost and no text is merged. A target that is at
 * its image already needs no commit. A target that can't be written fails alone.
 *
 * @throws UserError when the repository can't be reached or rejects the push; nothing was changed then
 */
export async function writeImages(
  clone: Clone,
  { targets, stack, why }: WriteRequest,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  const committer = await openCommitter(clone, signal);
  for (let round = 1; ; round++) {
    signal.throwIfAborted();
    const tip = await fetchTip(clone, signal);
    const edits = await editAll(clone, tip, targets);
    const at = { tip, rounds: round };
    if (edits.files.size === 0) return writtenBy(edits.results, at);
    const tree = await writeTree(clone, tip, edits.files);
    const message = commitMessage(changedOf(targets, edits.results).map(committed), stack, why);
    const commit = await committer.make({ tree, parent: tip, message, files: edits.files });
    signal.throwIfAborted();
    const pushed = await committer.push(commit.id, tip);
    if (pushed.kind === "done") return writtenBy(edits.results, { ...at, commit });
    if (round >= maximumRounds) throw contended(clone);
    const pause = Math.min(longestPauseMilliseconds, 40 * 1.4 ** round);
    await sleep(pause * (0.25 + Math.random()), undefined, { signal });
  }
}

function contended({ remote }: Clone): UserError {
  return new UserError(
    {
      code: "push-contended",
      where: `${remote.name}, branch ${remote.branch}`,
      message: `other writers pushed first, ${maximumRounds} times in a row`,
      fix: "run the command again",
    },
    { exitCode: 1 },
  );
}
