import { isAbort } from "../../config/problems/abort.ts";
import { listCommits } from "../git/commits.ts";
import type { Image } from "../registry/image.ts";
import { parseReference } from "../registry/reference.ts";
import { verifyImage } from "../registry/verify-image.ts";
import { isImageOf, releasesOf } from "../release/history.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import type { ImageChanges, TargetImage } from "../targets/target.ts";

/** What was moved, as far as its changes are asked for. */
interface MovedImage {
  readonly image: TargetImage;
  readonly commit?: string | undefined;
}

/**
 * What has changed in an image since the one that a target runs: the commits between them where the source's
 * repository has both, and the sizes. What can't be found out is left out.
 */
export async function changesSince(
  { clients, settings, signal, directory }: Pick<Session, "clients" | "settings" | "signal" | "directory">,
  { image, commit }: MovedImage,
  before: string | undefined,
): Promise<ImageChanges> {
  const digest = before === undefined ? undefined : parseReference(before)?.digest;
  const unlessUnknown = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return undefined;
    });
  const head = await unlessUnknown(readNewestRecord(clients, image.repository, settings.stack, signal));
  const release = digest === undefined ? undefined : releasesOf(head).find((one) => isImageOf(one, digest));
  const sizeOf = async (one: Image) => {
    const [first] = await verifyImage(clients, one, [], signal);
    return first?.bytes;
  };
  const [history, sizeBefore, sizeAfter] = await Promise.all([
    release?.commit === undefined || commit === undefined
      ? undefined
      : unlessUnknown(listCommits(directory, release.commit, commit)),
    release && unlessUnknown(sizeOf({ ...image, digest: release.image, manifests: release.manifests })),
    unlessUnknown(sizeOf(image)),
  ]);
  const { commits = [], more = 0 } = history ?? {};
  return { before: release?.commit, commits, more, sizeBefore, sizeAfter };
}
