import type { Problem } from "../../config/problems/errors.ts";

/** A commit, and when it was made. */
export interface DatedCommit {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly committedAt: Date | undefined;
}

/**
 * How one commit relates to another. `apart`: each has commits that the other lacks, as on two branches.
 */
export type Age = "same" | "newer" | "older" | "apart" | "unknown";

/**
 * Whether our commit is older than the one that runs. Their history decides where the repository has both;
 * otherwise their commit times do.
 *
 * @param commonAncestor the newest commit that both come from, or "" when there is none; undefined when
 *   the repository does not have enough history to tell
 */
export function ageOf(ours: DatedCommit, running: DatedCommit, commonAncestor: string | undefined): Age {
  if (ours.commit === running.commit) return "same";
  if (commonAncestor === ours.commit) return "older";
  if (commonAncestor === running.commit) return "newer";
  if (commonAncestor !== undefined) return "apart";
  if (ours.committedAt === undefined || running.committedAt === undefined) return "unknown";
  const difference = ours.committedAt.getTime() - running.committedAt.getTime();
  // Commits of the same second have no order.
  return difference === 0 ? "unknown" : difference < 0 ? "older" : "newer";
}

/** The release that a service runs, reduced to what decides which commit is newer. */
export interface RunningRelease extends DatedCommit {
  readonly service: string;
  readonly release: string;
}

/** Why an older commit does not replace a newer release. */
export function supersededProblem(
  running: RunningRelease,
  ours: DatedCommit,
  stack: string,
  command: "deploy" | "promote",
): Problem {
  const when = running.committedAt === undefined ? "" : ` of ${day(running.committedAt)}`;
  return {
    code: "superseded",
    where: `${running.service} on ${stack}`,
    value: ours.commit.slice(0, 7),
    message: `a newer commit is already deployed: ${running.commit.slice(0, 7)}${when}, in release ${running.release}`,
    fix: `${command} the newer commit; to go back to an older one, use slipway rollback or --force`,
  };
}

/** The notice if git history does not show which commit is newer. */
export function undecidedNotice(
  running: RunningRelease,
  ours: DatedCommit,
  age: "apart" | "unknown",
): string {
  const theirs = running.commit.slice(0, 7);
  const own = ours.commit.slice(0, 7);
  return age === "apart"
    ? `${running.service} runs ${theirs}, which is on a different branch than ${own}; ${own} replaces it`
    : `${running.service} runs ${theirs}; git history does not show whether ${own} is newer, so ${own} replaces it`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
