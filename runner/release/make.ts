import { isImageOf, isSuccessful } from "./history.ts";
import type { EarlierRelease, ReleaseOutcome, ReleaseRecord, StoredRelease } from "./record.ts";
import { appendEarlier, mostEarlier } from "./record.ts";

/** The facts of an ended release, without earlier releases. */
export type ReleaseFacts = Omit<ReleaseRecord, "version" | "outcome" | "earlier"> & {
  readonly outcome: ReleaseOutcome;
};

/**
 * The record of a release. What its targets ran before belongs to its history, also when no record
 * says so: what was deployed by other means, or by a run that was killed before it could write one. It
 * is entered as `found`, so that there is a way back.
 *
 * @param head the newest record that there is
 */
export function makeRecord(facts: ReleaseFacts, head: StoredRelease | undefined): ReleaseRecord {
  const earlier = appendEarlier(head);
  const { digest } = facts.image;
  const found = previousImages(facts)
    .filter(({ previous }) => previous !== digest && !Object.values(facts.image.manifests).includes(previous))
    .filter(({ previous }) => !ranLast(earlier, previous))
    .map(
      ({ previous, platform }): EarlierRelease => ({
        id: `found-${previous.slice("sha256:".length, "sha256:".length + 12)}`,
        outcome: "found",
        command: "found",
        at: facts.startedAt,
        image: previous,
        manifests: platform === undefined ? {} : { [platform]: previous },
        tags: [],
      }),
    );
  return { version: 1, ...facts, earlier: [...found, ...earlier].slice(0, mostEarlier) };
}

/** Whether a digest is what the newest successful release left running. */
export function ranLast(releases: readonly EarlierRelease[], digest: string): boolean {
  const last = releases.find(isSuccessful);
  return last !== undefined && isImageOf(last, digest);
}

/** Images of the release's own repository that its targets ran before, each once. */
function previousImages({ targets, image }: ReleaseFacts) {
  const images = targets.flatMap(({ previous = "", platform }) => {
    const [name = "", digest] = previous.split("@");
    return digest !== undefined && name.endsWith(`/${image.repository}`)
      ? [{ previous: digest, platform }]
      : [];
  });
  return images.filter(
    (one, index) => images.findIndex(({ previous }) => previous === one.previous) === index,
  );
}
