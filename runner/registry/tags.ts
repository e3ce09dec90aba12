import { PutImageCommand } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import { ownMovingTags } from "../../config/names.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/settings.ts";
import { matchesWildcard } from "../../config/stack/tags.ts";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import { type Image, shortDigest } from "./image.ts";
import { getManifest, type StoredManifest } from "./lookup.ts";

/** What putting tags on an image would change. */
export interface TagCheck {
  /** Tags that are already on the image. */
  readonly present: readonly string[];
  /** Tags that are free, or may move. */
  readonly toPut: readonly string[];
  /** Tags that belong to another image and must not move; each one a problem `tag-taken`. */
  readonly problems: readonly Problem[];
  /** The image's manifest, if a tag to look at is on it and another is to be put. */
  readonly stored?: StoredManifest;
}

/** Tag → what is being read of it. */
export type ReadAhead = ReadonlyMap<string, ReturnType<typeof getManifest>>;

/** Starts to read tags of a repository; a failure is thrown to whoever waits for the tag. */
export function readAhead(
  clients: Clients,
  repository: string,
  tags: readonly string[],
  signal: AbortSignal,
): ReadAhead {
  return new Map(
    tags.map((imageTag) => {
      const reading = getManifest(clients, repository, { imageTag }, signal);
      reading.catch(() => {});
      return [imageTag, reading];
    }),
  );
}

export interface TagOptions {
  /** Whether a tag that is on another image may be moved: see `tagMovability`. */
  readonly movable: (tag: string) => boolean;
  /** What an earlier check of these tags found, if nothing has been built since. Default: they are checked now. */
  readonly checked?: TagCheck | undefined;
}

/** Whether a stack lets a tag move: everywhere, or only what its exclusions and our own tags match. */
export function tagMovability(repositories: Settings["repositories"]): (tag: string) => boolean {
  if (repositories.tagMutability === "mutable") return () => true;
  const filters = [...repositories.movingTags, ...ownMovingTags];
  return (tag) => filters.some((filter) => matchesWildcard(filter, tag));
}

/**
 * Finds out, before anything is built, whether tags can be put. Only reads.
 *
 * @param digest digest that they are to be put on; undefined when the image is still to be built, so
 * that any existing tag is another image's
 * @param ahead tags that are being read already
 */
export async function checkTags(
  clients: Clients,
  repository: string,
  digest: string | undefined,
  tags: readonly string[],
  { movable }: Pick<TagOptions, "movable">,
  signal: AbortSignal,
  ahead: ReadAhead = new Map(),
): Promise<TagCheck> {
  // All at once, which is one call.
  const found = await Promise.all(
    [...new Set(tags)].map(async (tag) => {
      const read = ahead.get(tag) ?? getManifest(clients, repository, { imageTag: tag }, signal);
      const stored = await read;
      return { tag, digest: stored?.digest, stored };
    }),
  );
  const check = judgeTags(repository, digest, found, movable);
  const on = found.find((one) => digest !== undefined && one.digest === digest)?.stored;
  return on === undefined || check.toPut.length === 0 ? check : { ...check, stored: on };
}

/** Sorts tags by where they are now. */
export function judgeTags(
  repository: string,
  digest: string | undefined,
  found: readonly { readonly tag: string; readonly digest: string | undefined }[],
  movable: (tag: string) => boolean,
): TagCheck {
  const onImage = (one: { digest: string | undefined }) => one.digest !== undefined && one.digest === digest;
  const taken = found.filter((one) => one.digest !== undefined && !onImage(one) && !movable(one.tag));
  return {
    present: found.filter(onImage).map((one) => one.tag),
    toPut: found.filter((one) => !onImage(one) && !taken.includes(one)).map((one) => one.tag),
    problems: taken.map((one) => tagTaken(repository, one.tag, one.digest, digest)),
  };
}

/**
 * Puts tags on an image that is in the registry: the same manifest under another name, nothing is
 * pushed. Tags that were not checked yet cost one reading call.
 *
 * @returns the tags that were put, and those that had been there
 * @throws UserError `tag-taken` before any tag is put, `image-gone`
 */
export async function putTags(
  clients: Clients,
  image: Image,
  tags: readonly string[],
  options: TagOptions,
  signal: AbortSignal,
): Promise<{ readonly put: readonly string[]; readonly present: readonly string[] }> {
  if (tags.length === 0) return { put: [], present: [] };
  const { repository, digest } = image;
  const check = options.checked ?? (await checkTags(clients, repository, digest, tags, options, signal));
  if (check.problems.length > 0) throw new UserError(check.problems);
  if (check.toPut.length === 0) return { put: [], present: check.present };

  const stored = check.stored ?? (await getManifest(clients, repository, { imageDigest: digest }, signal));
  if (stored === undefined) {
    throw new UserError(
      {
        code: "image-gone",
        where: `${repository}@${digest}`,
        message: "the image to tag is no longer in the registry",
        fix: "run the command again to rebuild the image",
      },
      { exitCode: 1 },
    );
  }
  await pMap(check.toPut, (tag) => putTag(clients, repository, stored, tag, signal), {
    concurrency: 4,
    signal,
  });
  return { put: check.toPut, present: check.present };
}

/**
 * Puts one tag on an image, wherever it was before.
 *
 * @throws UserError `tag-taken` when the registry does not let it move
 */
export async function putTag(
  clients: Clients,
  repository: string,
  stored: { digest: string; mediaType: string | undefined; text: string },
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await clients.ecr.send(
      new PutImageCommand({
        repositoryName: repository,
        imageManifest: stored.text,
        imageManifestMediaType: stored.mediaType,
        imageDigest: stored.digest,
        imageTag: tag,
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    // Same tag, same digest: somebody else put it in the meantime.
    if (isAwsError(error, "ImageAlreadyExistsException")) return;
    if (isAwsError(error, "ImageTagAlreadyExistsException")) {
      const holder = await getManifest(clients, repository, { imageTag: tag }, signal);
      if (holder?.digest === stored.digest) return;
      throw new UserError(tagTaken(repository, tag, holder?.digest, stored.digest), { cause: error });
    }
    if (isAwsError(error, "LimitExceededException")) {
      throw new UserError(tooManyTags(repository, tag, stored.digest), { exitCode: 1, cause: error });
    }
    throw error;
  }
}

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html: tags per image, not adjustable.
 */
const maximumTagsPerImage = 1000;

function tooManyTags(repository: string, tag: string, digest: string): Problem {
  return {
    code: "too-many-tags",
    where: `${repository}@${shortDigest(digest)}`,
    value: tag,
    message: `the image already has ${maximumTagsPerImage} tags, which is ECR's limit`,
    fix: "delete some of its old tags, or remove the tags that name the commit from slipway:tags: this image has not changed for many commits",
  };
}

function tagTaken(
  repository: string,
  tag: string,
  other: string | undefined,
  ours: string | undefined,
): Problem {
  const holder = other === undefined ? "another image" : shortDigest(other);
  return {
    code: "tag-taken",
    where: `${repository}:${tag}`,
    value: tag,
    message: `the tag may not move, and is already on ${holder} instead of ${ours === undefined ? "the image to build" : shortDigest(ours)}`,
    fix: "choose another version, or allow the tag to move with slipway:repositories.movingTags",
  };
}
