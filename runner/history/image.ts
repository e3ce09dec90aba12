import pMap from "p-map";
import { UserError } from "../../config/problems/errors.ts";
import { hasCode } from "../aws/errors.ts";
import { type Image, onlyPlatform } from "../registry/image.ts";
import { describeImage, getManifest } from "../registry/lookup.ts";
import { verifyImage } from "../registry/verify-image.ts";
import { isSuccessful } from "../release/history.ts";
import type { EarlierRelease } from "../release/record.ts";
import type { Session } from "../session/session.ts";
import type { ServiceReleases } from "./read.ts";

/**
 * The image of a release as the registry has it: all of it, every platform included.
 *
 * @throws UserError `release-image-gone`, with the releases whose images are still there
 */
export async function findReleaseImage(
  session: Pick<Session, "clients" | "registry" | "signal">,
  of: ServiceReleases,
  release: EarlierRelease,
): Promise<Image> {
  const { clients, registry, signal } = session;
  const { service, repository } = of;
  const [platform] = Object.entries(release.manifests).find(([, digest]) => digest === release.image) ?? [];
  const location = {
    service: service.name,
    repository,
    registry,
    ...(platform === undefined ? onlyPlatform(service.platforms) : { platform }),
  };
  const id = { imageDigest: release.image };
  const image = await describeImage(clients, location, id, signal, release.sourceHash);
  if (image === undefined)
    throw await imageGone(session, of, release, "its image is no longer in the registry");
  try {
    await verifyImage(clients, image, [], signal);
  } catch (error) {
    if (!(error instanceof UserError) || error.problems[0]?.code !== "image-incomplete") throw error;
    throw await imageGone(session, of, release, error.problems.map(({ message }) => message).join("; "));
  }
  return image;
}

async function imageGone(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  { service, repository, releases }: ServiceReleases,
  release: EarlierRelease,
  message: string,
): Promise<UserError> {
  const others = releases.filter((other) => isSuccessful(other) && other.image !== release.image);
  const there = await pMap(
    others,
    async (other) =>
      (await readable(getManifest(clients, repository, { imageDigest: other.image }, signal))) === undefined
        ? []
        : [other],
    { concurrency: 8, signal },
  );
  return new UserError({
    code: "release-image-gone",
    where: `${repository}@${release.image}`,
    value: release.id,
    message: `${service.name} can't return to this release: ${message}`,
    fix: suggestReleases(there.flat(), "with an image in the registry"),
  });
}

/** Don't suggest an image that can't be read. */
function readable<T>(looking: Promise<T>): Promise<T | undefined> {
  return looking.catch((error: unknown) => {
    if (hasCode(error, "image-archived", "image-unavailable")) return undefined;
    throw error;
  });
}

/** `choose one of the releases that …: <id> (<tags>), …`. */
export function suggestReleases(releases: readonly EarlierRelease[], which: string, option = "--to"): string {
  if (releases.length === 0) return `deploy from source again: there are no other releases ${which}`;
  const shown = releases
    .slice(0, 5)
    .map(({ id, tags }) => (tags.length === 0 ? id : `${id} (${tags.join(", ")})`));
  const more = releases.length > shown.length ? ", …" : "";
  return `choose one with ${option}; releases ${which}: ${shown.join("; ")}${more}`;
}
