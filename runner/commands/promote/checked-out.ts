import { buildScope, hashSources } from "../../../source/hash.ts";
import { type Revision, readRevision } from "../../git/revision.ts";
import { findUncommitted } from "../../git/uncommitted.ts";
import type { Session } from "../../session/session.ts";

/** The checked-out source, as a stack would build it. */
export interface CheckedOut {
  readonly revision: Revision | undefined;
  /** Source hash of each of the session's services. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Services whose builds read uncommitted files. */
  readonly uncommitted: ReadonlySet<string>;
}

/** Hashes the local source of the session's services. Builds nothing, and calls no registry. */
export async function readCheckedOut(session: Session): Promise<CheckedOut> {
  const { directory, services, signal } = session;
  const [sources, revision] = await Promise.all([
    hashSources(directory, buildScope(session), services, { signal }),
    readRevision(directory),
  ]);
  const uncommitted = revision && (await findUncommitted(session, sources, revision.commit, signal));
  return {
    revision,
    hashes: new Map([...sources].map(([name, { hash }]) => [name, hash])),
    uncommitted: new Set(
      [...(uncommitted ?? [])].flatMap(([name, paths]) => (paths.length > 0 ? [name] : [])),
    ),
  };
}
