import type { Problem } from "../../config/problems/errors.ts";
import { commonAncestor } from "../git/revision.ts";
import { isSuccessful, releasesOf } from "../release/history.ts";
import type { StoredRelease } from "../release/record.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import {
  ageOf,
  type DatedCommit,
  type RunningRelease,
  supersededProblem,
  undecidedNotice,
} from "./commit-age.ts";

/** The commit that a run deploys to its services. */
export interface Candidate {
  /** Undefined outside a repository, and when the commit of an image is not known. */
  readonly commit: DatedCommit | undefined;
  readonly command: "deploy" | "promote";
  /** Whether it may replace a newer commit (`--force`). */
  readonly force: boolean;
}

/** The verdict of the gate "newest wins" on a candidate for one service. */
export interface NewestWins {
  readonly candidate: Candidate;
  readonly problems: readonly Problem[];
  readonly gates: readonly Gate[];
  readonly notices: readonly string[];
}

/**
 * Compares a candidate with the newest successful release of a service: an older commit does not replace a
 * newer one. With `force`, or if git history does not show which is newer, the result is only a notice.
 *
 * @param session its `directory` is where git is asked for the history of both commits
 */
export async function refuseOlder(
  { directory, settings }: Pick<Session, "directory" | "settings">,
  candidate: Candidate,
  { service, newestRecord }: { readonly service: string; readonly newestRecord: StoredRelease | undefined },
): Promise<NewestWins> {
  const { commit: ours, force, command } = candidate;
  const says = (verdict: Gate["verdict"], message: string, rest: Partial<NewestWins> = {}): NewestWins => ({
    candidate,
    problems: [],
    notices: [],
    gates: [{ gate: "newest wins", verdict, message }],
    ...rest,
  });
  if (ours === undefined) return notAsked(candidate);
  const running = runningRelease(service, newestRecord);
  if (running === undefined) return says("passed", "no earlier release has a known commit");
  const age = ageOf(ours, running, await ancestorOf(candidate, directory, ours.commit, running.commit));
  switch (age) {
    case "same":
      return says("passed", `the same as release ${running.release}`);
    case "newer":
      return says("passed", `newer than release ${running.release}`);
    case "apart":
    case "unknown": {
      const notice = undecidedNotice(running, ours, age);
      return says("undecided", notice, { notices: [notice] });
    }
    case "older": {
      const problem = supersededProblem(running, ours, settings.stack, command);
      if (!force) return says("failed", problem.message, { problems: [problem] });
      const notice = `${service}: ${problem.message}; ${problem.value} replaces it because of --force`;
      return says("overridden", problem.message, { notices: [notice] });
    }
  }
}

const ancestors = new WeakMap<Candidate, Map<string, ReturnType<typeof commonAncestor>>>();

/** `commonAncestor`, asked of git once for each commit that runs: most services run the same one. */
function ancestorOf(candidate: Candidate, directory: string, ours: string, running: string) {
  const known = ancestors.get(candidate) ?? new Map<string, ReturnType<typeof commonAncestor>>();
  ancestors.set(candidate, known);
  const ancestor = known.get(running) ?? commonAncestor(directory, ours, running);
  known.set(running, ancestor);
  return ancestor;
}

/** The verdict on a service without a target to move; a later plan asks again. */
export function notAsked(candidate: Candidate): NewestWins {
  return { candidate, problems: [], gates: [], notices: [] };
}

/**
 * The same by the newest release as it is now: another run may have deployed since the plan was made.
 * Emits the notices that the earlier verdict did not have.
 */
export async function refuseOlderNow(
  session: Pick<Session, "directory" | "settings" | "clients" | "signal" | "emit">,
  earlier: NewestWins,
  { service, repository }: { readonly service: string; readonly repository: string },
): Promise<NewestWins> {
  const { clients, settings, signal, emit } = session;
  const newestRecord = await readNewestRecord(clients, repository, settings.stack, signal);
  const now = await refuseOlder(session, earlier.candidate, { service, newestRecord });
  for (const message of now.notices) {
    if (!earlier.notices.includes(message)) emit({ kind: "notice", message });
  }
  return now;
}

/** The newest successful release with a known commit. */
export function runningRelease(
  service: string,
  newestRecord: StoredRelease | undefined,
): RunningRelease | undefined {
  const release = releasesOf(newestRecord).find(isSuccessful);
  if (release?.commit === undefined) return undefined;
  const { id, commit, committedAt } = release;
  return {
    service,
    release: id,
    commit,
    committedAt: committedAt === undefined ? undefined : new Date(committedAt),
  };
}
