import type { Session } from "../session/session.ts";
import { baseReferences, digestsOfBases, type MovedBase, movedBases, pinnedBases } from "./base-images.ts";
import type { KeptSource } from "./source-record.ts";

/** What became of the base images of an image since its build. */
export interface BasesSince {
  readonly moved: readonly MovedBase[];
  /** Base images that Dockerfiles nail to a digest, whose tag has a newer one. */
  readonly pinned: readonly MovedBase[];
  /** References that nobody can compare: no digest was recorded, or their registry does not answer. */
  readonly unknown: readonly string[];
}

/** Compares the base images that were recorded with an image with what their tags stand for now. */
export async function basesMoved(
  session: Pick<Session, "clients" | "registry" | "signal">,
  { description, bases }: KeptSource,
): Promise<BasesSince> {
  const references = baseReferences(description, session.registry);
  const pins = pinnedBases(description);
  const tags = Object.fromEntries(Object.entries(pins).map(([name, { reference }]) => [name, reference]));
  const digests = Object.fromEntries(Object.entries(pins).map(([name, { digest }]) => [name, digest]));
  const known = Object.fromEntries(Object.entries(references).filter(([name]) => name in bases));
  const now = await digestsOfBases({ ...known, ...tags }, session);
  const unanswered = [...Object.entries(known), ...Object.entries(tags)].filter(([name]) => !(name in now));
  const unrecorded = Object.entries(references).filter(([name]) => !(name in bases));
  return {
    moved: movedBases(known, bases, now),
    pinned: movedBases(tags, digests, now),
    unknown: [...unrecorded, ...unanswered].map(([, reference]) => reference),
  };
}
