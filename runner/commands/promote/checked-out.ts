import { hashSources } from "../../../source/hash.ts";
import { type Revision, readRevision, touches } from "../../git/revision.ts";
import { sourcePaths } from "../../plan/paths-read.ts";
import type { Session } from "../../session/session.ts";

/** The source that is checked out, as a stack would build it. */
export interface CheckedOut {
  readonly revision: Revision | undefined;
  /** Source hash of each of the session's services. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Services whose builds read what is not committed. */
  readonly uncommitted: ReadonlySet<string>;
}

/** Hashes what the builds of the session's services would read here. Builds nothing, asks no registry. */
export async function readCheckedOut({
  directory,
  catalogue,
  settings,
  services,
  signal,
}: Session): Promise<CheckedOut> {
  const described = { services: catalogue.services, baseImages: settings.baseImages };
  const [sources, revision] = await Promise.all([
    hashSources(directory, described, services, { signal }),
    readRevision(directory),
  ]);
  const uncommitted = services.filter((service) => {
    return touches(revision?.uncommitted ?? [], sourcePaths(service));
  });
  return {
    revision,
    hashes: new Map([...sources].map(([name, { hash }]) => [name, hash])),
    uncommitted: new Set(uncommitted.map(({ name }) => name)),
  };
}
