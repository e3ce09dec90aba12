import type { Problem } from "../../config/problems/errors.ts";
import { commonAncestor } from "../git/revision.ts";
import { isSuccessful, releasesOf } from "../release/history.ts";
import type { StoredRelease } from "../release/record.ts";
import { readHead } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import { ageOf, type DatedCommit, type RunningRelease, superseded, undecided } from "./commit-age.ts";

/** A service that is to be moved. */
export interface MovingRepository {
  readonly service: string;
  readonly repository: string;
}

/** What a commit may be moved over: the newest release of each service that is to be moved. */
export interface NewestWins {
  /** What stands in the way, by the releases as they were read. */
  check(
    services: readonly (MovingRepository & { readonly head: StoredRelease | undefined })[],
  ): Promise<Problem[]>;
  /** The same by the releases as they are now. */
  checkAgain(services: readonly MovingRepository[]): Promise<Problem[]>;
  /** What it said of a service when it was asked last; nothing when it was not. */
  gates(service: string): readonly Gate[];
}

/**
 * Holds the commit that is deployed, or promoted, against the ones that run, as the release records tell them: an
 * older commit is not moved over a newer release. Where it can't be told which is newer, and with
 * `--force`, that is said and nothing stands in the way.
 *
 * @param ours undefined outside of a repository, or when an image's commit is not known
 */
export function newestWins(
  session: Pick<Session, "directory" | "settings" | "clients" | "signal" | "emit">,
  ours: DatedCommit | undefined,
  { force, command = "deploy" }: { readonly force: boolean; readonly command?: "deploy" | "promote" },
): NewestWins {
  const { directory, settings, clients, signal, emit } = session;
  const said = new Set<string>();
  const verdicts = new Map<string, Gate>();
  const decide = (service: string, verdict: Gate["verdict"], message: string) =>
    verdicts.set(service, { gate: "newest wins", verdict, message });
  const say = (message: string) => {
    if (!said.has(message)) emit({ kind: "notice", message });
    said.add(message);
  };

  const check: NewestWins["check"] = async (services) => {
    if (ours === undefined) return [];
    const problems = await Promise.all(
      services.map(async ({ service, head }): Promise<Problem[]> => {
        const running = runningRelease(service, head);
        if (running === undefined) {
          decide(service, "passed", "no release of a known commit was there");
          return [];
        }
        const age = ageOf(ours, running, await commonAncestor(directory, ours.commit, running.commit));
        if (age === "apart" || age === "unknown") {
          say(undecided(running, ours, age));
          decide(service, "undecided", undecided(running, ours, age));
        }
        if (age === "same" || age === "newer") {
          decide(
            service,
            "passed",
            `${age === "same" ? "the same as" : "newer than"} release ${running.release}`,
          );
        }
        if (age !== "older") return [];
        const problem = superseded(running, ours, settings.stack, command);
        decide(service, force ? "overridden" : "failed", problem.message);
        if (!force) return [problem];
        say(`${service}: ${problem.message}; it is replaced by ${problem.value}, as --force says`);
        return [];
      }),
    );
    return problems.flat();
  };

  return {
    check,
    gates: (service) => {
      const verdict = verdicts.get(service);
      return verdict === undefined ? [] : [verdict];
    },
    checkAgain: async (services) =>
      check(
        await Promise.all(
          services.map(async (one) => ({
            ...one,
            head: await readHead(clients, one.repository, settings.stack, signal),
          })),
        ),
      ),
  };
}

/** The newest release that ended well and says of which commit it is. Pure. */
export function runningRelease(service: string, head: StoredRelease | undefined): RunningRelease | undefined {
  const release = releasesOf(head).find(isSuccessful);
  if (release?.commit === undefined) return undefined;
  const { id, commit, committedAt } = release;
  return {
    service,
    release: id,
    commit,
    committedAt: committedAt === undefined ? undefined : new Date(committedAt),
  };
}
