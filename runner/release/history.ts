import type { EarlierRelease, StoredRelease } from "./record.ts";
import { asEarlier } from "./record.ts";

/** All releases in a stack's newest record, newest first. */
export function releasesOf(head: StoredRelease | undefined): readonly EarlierRelease[] {
  return head === undefined ? [] : [asEarlier(head), ...head.record.earlier];
}

/** Whether a release's image ran successfully. */
export function isSuccessful({ outcome }: Pick<EarlierRelease, "outcome">): boolean {
  return outcome === "done" || outcome === "found";
}

/** Whether a digest is the release's image, or one of its platforms. */
export function isImageOf(release: Pick<EarlierRelease, "image" | "manifests">, digest: string): boolean {
  return release.image === digest || Object.values(release.manifests).includes(digest);
}

/**
 * Whether the last that is known of an image is that it came to run well: a release of it that ended well,
 * with no later one of another image, and none of it that did not.
 */
export function isProven(releases: readonly EarlierRelease[], digest: string): boolean {
  const last = releases.find((release) => isSuccessful(release) || isImageOf(release, digest));
  return last !== undefined && isSuccessful(last) && isImageOf(last, digest);
}

/**
 * The release that all targets run although another is the last that is known to have ended well: a run
 * that went there was ended before it could say so. Undefined when there is no such thing.
 */
export function unrecordedMove(
  releases: readonly EarlierRelease[],
  running: readonly string[],
): EarlierRelease | undefined {
  const [first, ...others] = releases.filter(isSuccessful);
  if (first === undefined || running.some((digest) => isImageOf(first, digest))) return undefined;
  return others.find((release) => isWhole(release, running));
}

/** Whether nothing else runs than this release. */
function isWhole(release: EarlierRelease, running: readonly string[]): boolean {
  return running.length > 0 && running.every((digest) => isImageOf(release, digest));
}

/**
 * The release that is running, by the digests that run; undefined when none of them was ever
 * released. One that failed for one target only is running, too: it is what one would go back from.
 */
export function runningRelease(
  releases: readonly EarlierRelease[],
  running: readonly string[],
): EarlierRelease | undefined {
  return releases.find((release) => running.some((digest) => isImageOf(release, digest)));
}

/**
 * The newest successful release before the one that runs, of another image. After a rollback, "before"
 * is before the release that was gone back to: going back twice goes back two, and does not bring the
 * bad one again. When nothing that runs is a release, the newest successful one.
 *
 * @param releases newest first
 * @param running digests of what runs
 */
export function lastSuccessful(
  releases: readonly EarlierRelease[],
  running: readonly string[],
): EarlierRelease | undefined {
  // Where only some of the targets run it, there is a way back to it for the others.
  const isRunning = (release: EarlierRelease) => isWhole(release, running);
  const current = runningRelease(releases, running);
  const from = current === undefined ? 0 : releases.indexOf(originalOf(releases, current)) + 1;
  for (let index = from; index < releases.length; ) {
    const release = releases[index] as EarlierRelease;
    // A rollback is the release that it went back to: what lies between was gone back from.
    const original = isSuccessful(release) ? originalOf(releases, release) : release;
    if (isSuccessful(release) && !isRunning(original)) return original;
    index = releases.indexOf(original) + 1;
  }
  return undefined;
}

/** The release that a rollback, and the rollback that it went back to, led to in the end. */
function originalOf(releases: readonly EarlierRelease[], release: EarlierRelease): EarlierRelease {
  const back = releases.slice(releases.indexOf(release) + 1).find(({ id }) => id === release.backTo);
  return back === undefined ? release : originalOf(releases, back);
}

/**
 * The releases, those of an image with a tag that it got after them.
 *
 * @param digest the image that has the tag
 */
export function withTag(
  releases: readonly EarlierRelease[],
  tag: string,
  digest: string,
): readonly EarlierRelease[] {
  return releases.map((release) =>
    isImageOf(release, digest) ? { ...release, tags: [...release.tags, tag] } : release,
  );
}

/**
 * The releases that a text names: by id (or its beginning), by a tag of the image, by the beginning of
 * the commit, or by that of the image's digest. The newest first; several of one image are possible.
 */
export function findReleases(releases: readonly EarlierRelease[], text: string): readonly EarlierRelease[] {
  const digest = text.replace(/^sha256:/, "");
  const isHexadecimal = /^[0-9a-f]{6,64}$/.test(digest);
  const by: readonly ((release: EarlierRelease) => boolean)[] = [
    ({ id }) => id === text,
    ({ tags }) => tags.includes(text),
    ({ id }) => text.length >= 8 && id.startsWith(text),
    ({ commit }) => isHexadecimal && commit?.startsWith(digest) === true,
    ({ image, manifests }) =>
      isHexadecimal && [image, ...Object.values(manifests)].some((one) => one.startsWith(`sha256:${digest}`)),
  ];
  for (const matches of by) {
    const found = releases.filter(matches);
    if (found.length > 0) return found;
  }
  return [];
}
