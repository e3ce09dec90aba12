import pMap from "p-map";
import { firstLine } from "../../config/problems/first-line.ts";
import { readRepositoryPolicy } from "../inventory/read.ts";
import type { Session } from "../session/session.ts";
import { whoMayPull } from "./repository-policy.ts";
import { isAnswer, type Searched } from "./search.ts";

/** Whom the policies that repositories have now let pull: who → repositories. */
export type LetIn = ReadonlyMap<string, readonly string[]>;

/** Policies that are read at the same time. */
const atOnce = 8;

/**
 * Reads the policies of repositories (GetRepositoryPolicy): somebody may have let an account in by hand, and then no
 * setting names it. A policy that may not be read is told as a search that was not made.
 *
 * @returns twelve digits for an account, or words for whom no account names
 */
export async function readLetIn(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  repositories: readonly string[],
): Promise<{ readonly letIn: LetIn; readonly refused: readonly Searched[] }> {
  const read = await pMap(
    repositories,
    async (repository) => {
      try {
        const policy = await readRepositoryPolicy({ clients, signal }, repository);
        return { repository, who: policy === undefined ? [] : whoMayPull(policy) };
      } catch (error) {
        signal.throwIfAborted();
        if (!isAnswer(error)) throw error;
        return { repository, who: [], refused: firstLine(error) };
      }
    },
    { concurrency: atOnce, signal },
  );
  const letIn = new Map<string, readonly string[]>();
  for (const { repository, who } of read)
    for (const one of who) letIn.set(one, [...(letIn.get(one) ?? []), repository]);
  const unread = read.filter(({ refused }) => refused !== undefined);
  const [first] = unread;
  if (first?.refused === undefined) return { letIn, refused: [] };
  const what = `whom ${policiesOf(unread.map(({ repository }) => repository))} may let pull`;
  return { letIn, refused: [{ what, found: 0, refused: first.refused }] };
}

/** `the policy of shop/ui`, `the policies of shop/ui and 2 more repositories` */
export function policiesOf(repositories: readonly string[]): string {
  const [first = "", ...others] = repositories;
  if (others.length === 0) return `the policy of ${first}`;
  return `the policies of ${first} and ${others.length} more ${others.length === 1 ? "repository" : "repositories"}`;
}
