import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../../config/problems/errors.ts";
import { fetchBranch, readCommit } from "../repository/branch.ts";
import { type Clone, fetchTip } from "../repository/clone.ts";
import type { Committer, MadeCommit } from "../repository/commit.ts";
import { openCommitter } from "../repository/committer.ts";
import { changedOf, committed, editAll, type TargetToWrite, type WriteRequest } from "../repository/edits.ts";
import { commitMessage, isMadeFor } from "../repository/message.ts";
import { readStored, type StoredFile, writeTree } from "../repository/tree.ts";
import { type Written, writtenBy } from "../repository/write.ts";
import { readMarker, withdrawnBody } from "./body.ts";
import type { Forge, PullRequest, PullRequestText } from "./forge.ts";
import { type Rival, rivalsOf } from "./rivals.ts";

/** Images that go into a branch of their own, and what the pull request of it says. */
export interface ProposeRequest extends WriteRequest {
  /** The branch of the proposal. */
  readonly head: string;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  /** What the pull request says of the targets that the commit changes. */
  text(changed: readonly TargetToWrite[]): Promise<PullRequestText>;
  /** What `readMarker` finds in that text. */
  key(changed: readonly TargetToWrite[]): string;
}

/** A pull request with the images of a run. */
export interface Proposal {
  readonly pullRequest: PullRequest;
  /** `pull request` */
  readonly noun: string;
  /** The commit that it proposes. */
  readonly commit: string;
  /** `unchanged`: an earlier run has made it as it is. */
  readonly was: "made" | "updated" | "unchanged";
  /** Other open pull requests that change the same files. */
  readonly rivals: readonly Rival[];
}

/** What became of each target, and the pull request; undefined when the branch has all of it already. */
export interface Proposed {
  readonly written: readonly Written[];
  readonly proposal: Proposal | undefined;
}

const maximumRounds = 10;

/**
 * Proposes images by one pull request: a commit on a branch of its own, from the target branch as it is now.
 * The branch and the pull request of an earlier run are brought up to date; nothing changes where they are.
 *
 * @throws UserError `pull-request-closed` when a person has closed one with these images, `branch-not-ours` when
 *   somebody else has committed to the branch, and those of the repository and of the server
 */
export async function proposeImages(
  clone: Clone,
  forge: Forge,
  request: ProposeRequest,
  signal: AbortSignal,
): Promise<Proposed> {
  const { targets, head } = request;
  const base = clone.remote.branch;
  const committer = await openCommitter(clone, signal);
  for (let round = 1; round <= maximumRounds; round++) {
    signal.throwIfAborted();
    const tip = await fetchTip(clone, signal);
    const edits = await editAll(clone, tip, targets);
    const at = { tip, rounds: round };
    if (edits.files.size === 0) return { written: writtenBy(edits.results, at), proposal: undefined };
    const changed = changedOf(targets, edits.results);
    const known = await forge.between(head, base);
    const open = known.find(({ state }) => state === "open");
    if (open === undefined) {
      refuseClosed(clone, forge, known, request.key(changed));
      await forge.checkReviewers(request.reviewers);
    }
    const wanted = { tip, files: edits.files, changed, open };
    const commit = await bringUpToDate(clone, committer, forge, request, wanted);
    if (commit !== undefined) {
      const text = await request.text(changed);
      const made = await openPullRequest(forge, request, base, text, open);
      if (made !== undefined) {
        const rivals = await rivalsOf(forge, made.pullRequest.number, base, new Set(edits.files.keys()));
        const written = writtenBy(edits.results, { ...at, commit });
        return { written, proposal: { ...made, noun: forge.noun, commit: commit.id, rivals } };
      }
    }
    await sleep(100 * round * (0.5 + Math.random()), undefined, { signal });
  }
  throw new UserError(
    {
      code: "push-contended",
      where: `${clone.remote.name}, branch ${head}`,
      message: `other runs changed the branch first, ${maximumRounds} times in a row`,
      fix: "run the command again",
    },
    { exitCode: 1 },
  );
}

/** What the branch of the proposal is to hold. */
interface Wanted {
  readonly tip: string;
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly changed: readonly TargetToWrite[];
  readonly open: PullRequest | undefined;
}

/** Puts the branch where it belongs; undefined when somebody else did in the same moment. */
async function bringUpToDate(
  clone: Clone,
  committer: Committer,
  forge: Forge,
  { head, stack, why }: ProposeRequest,
  { tip, files, changed, open }: Wanted,
): Promise<MadeCommit | undefined> {
  const seen = await fetchBranch(clone, head);
  if (seen !== undefined) {
    // The branch of a pull request that was merged may still be there, and is no proposal any more.
    const isProposal = open !== undefined || (await startsAt(clone, seen, tip));
    if (isProposal && (await holds(clone, seen, files))) return { id: seen };
    if (!(await isOurs(clone, forge, head, seen, open))) throw notOurs(clone, forge, head, open);
  }
  const tree = await writeTree(clone, tip, files);
  const message = commitMessage(changed.map(committed), stack, why, head);
  const commit = await committer.make({ tree, parent: tip, message, files });
  const pushed = await committer.replace(head, commit.id, seen);
  return pushed.kind === "done" ? commit : undefined;
}

async function startsAt({ git }: Clone, commit: string, tip: string): Promise<boolean> {
  return (await git.text(["cat-file", "commit", commit])).includes(`\nparent ${tip}\n`);
}

/** Whether a commit has these files just so. */
async function holds(clone: Clone, commit: string, files: ReadonlyMap<string, StoredFile>): Promise<boolean> {
  for (const [path, { bytes }] of files) {
    try {
      const stored = await readStored(clone, commit, path);
      if (!stored.bytes.equals(bytes)) return false;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }
  return true;
}

/** Whether nobody but Slipway has committed to a branch; merges of the target branch into it do not count. */
async function isOurs(
  clone: Clone,
  forge: Forge,
  head: string,
  commit: string,
  open: PullRequest | undefined,
): Promise<boolean> {
  if (open === undefined) return isMadeFor((await readCommit(clone, commit)).message, head);
  const commits = await forge.commits(open.number);
  return commits.every(({ message, isMerge }) => isMerge || isMadeFor(message, head));
}

/** The pull request with this text; undefined when the target branch got all of it in the same moment. */
async function openPullRequest(
  forge: Forge,
  request: Pick<ProposeRequest, "head" | "labels" | "reviewers">,
  base: string,
  text: PullRequestText,
  open: PullRequest | undefined,
): Promise<Pick<Proposal, "pullRequest" | "was"> | undefined> {
  const { head, labels, reviewers } = request;
  if (open === undefined) {
    const made = await forge.create({ head, base, labels, reviewers, ...text });
    if (typeof made !== "string") return theFirst(forge, made, base);
    // Another run made it, or an attempt of ours whose answer was lost.
    const there = (await forge.between(head, base)).find(({ state }) => state === "open");
    return there === undefined ? undefined : openPullRequest(forge, request, base, text, there);
  }
  if (open.title === text.title && plain(open.body) === plain(text.body)) {
    return { pullRequest: open, was: "unchanged" };
  }
  return { pullRequest: await forge.update(open.number, text), was: "updated" };
}

/**
 * The pull request that was made; or the one that another run made in the same moment, and then ours is closed again.
 * GitHub and GitLab let one in. Gitea looks for another before it writes its own, and lets both in.
 */
async function theFirst(
  forge: Forge,
  made: PullRequest,
  base: string,
): Promise<Pick<Proposal, "pullRequest" | "was">> {
  const open = (await forge.between(made.head, base)).filter(({ state }) => state === "open");
  const first = open.toSorted((a, b) => a.number - b.number)[0] ?? made;
  if (first.number >= made.number) return { pullRequest: made, was: "made" };
  const why = `another run opened #${first.number} in the same moment`;
  await forge.close(made.number, { body: withdrawnBody(made.body, why) });
  return { pullRequest: first, was: "unchanged" };
}

/** Servers store line ends of their own. */
function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").trim();
}

function refuseClosed(clone: Clone, forge: Forge, known: readonly PullRequest[], key: string): void {
  // One that a run has taken back says nothing of what a person wants.
  const last = known.find(({ body }) => readMarker(body)?.isWithdrawn !== true);
  if (last?.state !== "closed" || readMarker(last.body)?.key !== key) return;
  throw new UserError(
    {
      code: "pull-request-closed",
      where: `${clone.remote.name}, branch ${clone.remote.branch}`,
      value: last.url,
      message: `${forge.noun} #${last.number} with these images was closed without a merge`,
      fix: "reopen it to deploy these images after all, or deploy others",
    },
    { exitCode: 1 },
  );
}

function notOurs(clone: Clone, forge: Forge, head: string, open: PullRequest | undefined): UserError {
  const of = open === undefined ? "" : `, of ${forge.noun} #${open.number}`;
  return new UserError(
    {
      code: "branch-not-ours",
      where: `${clone.remote.name}, branch ${head}`,
      ...(open === undefined ? {} : { value: open.url }),
      message: `somebody else has committed to the branch${of}, so Slipway does not rewrite it`,
      fix:
        open === undefined
          ? "delete the branch if nobody needs it, and run the command again"
          : `merge or close the ${forge.noun} and delete its branch, and run the command again`,
    },
    { exitCode: 1 },
  );
}
