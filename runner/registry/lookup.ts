import {
  BatchGetImageCommand,
  type ECRClient,
  type Image as EcrImage,
  GetDownloadUrlForLayerCommand,
  type ImageFailure,
  type ImageIdentifier,
} from "@aws-sdk/client-ecr";
import pMap from "p-map";
import {
  acceptedMediaTypes,
  normalizePlatform,
  parseManifest,
  platformOfConfig,
} from "../../builder/manifest.ts";
import { sourceTag } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import { batchesPer, inBatches } from "../aws/batches.ts";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import type { Image } from "./image.ts";
import { refuseArchived, unavailableImage } from "./unavailable.ts";

/** The repository of a service's images. */
export interface ImageLocation {
  readonly service: string;
  /** Name of the ECR repository. */
  readonly repository: string;
  /** Host (and port) of the registry. */
  readonly registry: string;
  /** The service's platform if it has only one, which saves reading the image's configuration. */
  readonly platform?: string;
}

/** A manifest exactly as the registry has it. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string | undefined;
  readonly text: string;
}

/**
 * The image of this source hash, by its tag `src-<hash>`, whichever machine built it. Undefined if there is
 * no such image or repository.
 */
export function findImageBySource(
  clients: Clients,
  repository: string,
  registry: string,
  service: string,
  sourceHash: string,
  signal: AbortSignal,
  platform?: string,
): Promise<Image | undefined> {
  const location = { service, repository, registry, ...(platform === undefined ? {} : { platform }) };
  return describeImage(clients, location, { imageTag: sourceTag(sourceHash) }, signal, sourceHash);
}

/** `findImageBySource` for many services, in the order given. */
export function findImagesBySource(
  clients: Clients,
  wanted: readonly (ImageLocation & { readonly sourceHash: string })[],
  signal: AbortSignal,
): Promise<(Image | undefined)[]> {
  return pMap(
    wanted,
    (one) =>
      findImageBySource(
        clients,
        one.repository,
        one.registry,
        one.service,
        one.sourceHash,
        signal,
        one.platform,
      ),
    { concurrency: 1000, signal },
  );
}

/**
 * The registry's image for a tag or digest; undefined if it does not have it.
 *
 * @throws UserError `platform-unknown`, `not-an-image`, `image-archived`, `image-unavailable`
 */
export async function describeImage(
  clients: Clients,
  location: ImageLocation,
  id: ImageIdentifier,
  signal: AbortSignal,
  sourceHash?: string,
): Promise<Image | undefined> {
  const stored = await getManifest(clients, location.repository, id, signal);
  if (stored === undefined) {
    await refuseArchived(clients, location.repository, id, signal);
    return undefined;
  }
  const parsed = parseStored(location.repository, stored);
  const manifests =
    parsed.kind === "index"
      ? parsed.manifests
      : { [await platformOf(clients, location, parsed.config, signal)]: stored.digest };
  return {
    service: location.service,
    repository: location.repository,
    registry: location.registry,
    digest: stored.digest,
    manifests,
    ...(sourceHash === undefined ? {} : { sourceHash }),
  };
}

/**
 * One manifest of a repository, or undefined when the image or the repository does not exist. Manifests of a
 * repository that are read at the same time share a call.
 *
 * @throws UserError `image-archived`, `image-unavailable` when it is there, and can't be read
 */
export async function getManifest(
  clients: Clients,
  repository: string,
  id: ImageIdentifier,
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  const image = await imagesOf(clients.ecr, repository, signal)(keyOf(id));
  if (image === undefined) return undefined;
  const unavailable = "failureCode" in image ? unavailableImage(repository, id, image) : undefined;
  if (unavailable !== undefined) {
    await refuseArchived(clients, repository, id, signal);
    throw unavailable;
  }
  if (!("imageManifest" in image)) return undefined;
  const { imageId, imageManifest, imageManifestMediaType } = image;
  if (imageManifest === undefined || imageId?.imageDigest === undefined) return undefined;
  return { digest: imageId.imageDigest, mediaType: imageManifestMediaType, text: imageManifest };
}

/** An image of BatchGetImage, or why there is none; undefined: there is no such repository. */
type Gotten = EcrImage | ImageFailure | undefined;

/** BatchGetImage takes a hundred: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html */
const imagesInCall = 100;

const imagesOf = batchesPer<ECRClient, Gotten>((ecr, repository, signal) =>
  inBatches(
    imagesInCall,
    (keys) => batchGetImage(ecr, repository, keys, signal),
    (error) => isAwsError(error, "InvalidParameterException"),
  ),
);

/** An id as one text: `tag v1`, `digest sha256:…`. */
function keyOf({ imageDigest, imageTag }: ImageIdentifier): string {
  return imageDigest === undefined ? `tag ${imageTag}` : `digest ${imageDigest}`;
}

/**
 * Asks for several images of a repository. An answer need not name an image as it was asked for: it may name
 * another of its tags. What it does say of a tag is true, so it counts for that tag; what it does not say is
 * asked again.
 */
async function batchGetImage(
  ecr: ECRClient,
  repository: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<(key: string) => { readonly value: Gotten } | undefined> {
  const imageIds = keys.map((key): ImageIdentifier => {
    const [kind, name] = key.split(" ", 2);
    return kind === "tag" ? { imageTag: name } : { imageDigest: name };
  });
  const command = new BatchGetImageCommand({ repositoryName: repository, imageIds, acceptedMediaTypes });
  const answer = await ecr.send(command, { abortSignal: signal }).catch((error: unknown) => {
    if (isAwsError(error, "RepositoryNotFoundException")) return undefined;
    throw error;
  });
  if (answer === undefined) return () => ({ value: undefined });
  const { images = [], failures = [] } = answer;
  if (keys.length === 1) return () => ({ value: failures[0] ?? images[0] });
  const told = new Map<string, Gotten>();
  for (const failure of failures)
    if (failure.imageId !== undefined) told.set(keyOf(failure.imageId), failure);
  for (const image of images) {
    const { imageDigest, imageTag } = image.imageId ?? {};
    if (imageDigest !== undefined) told.set(keyOf({ imageDigest }), image);
    if (imageTag !== undefined) told.set(keyOf({ imageTag }), image);
  }
  return (key) => (told.has(key) ? { value: told.get(key) } : undefined);
}

/** `parseManifest`, with a problem that names the image. */
export function parseStored(repository: string, stored: StoredManifest) {
  try {
    return parseManifest(stored.text);
  } catch (cause) {
    throw new UserError(
      {
        code: "not-an-image",
        where: `${repository}@${stored.digest}`,
        message: `the registry has something other than a container image here (${stored.mediaType ?? "no media type"})`,
        fix: "delete it, and build again",
      },
      { exitCode: 1, cause },
    );
  }
}

async function platformOf(clients: Clients, location: ImageLocation, config: string, signal: AbortSignal) {
  if (location.platform !== undefined) return normalizePlatform(location.platform);
  try {
    const { downloadUrl } = await clients.ecr.send(
      new GetDownloadUrlForLayerCommand({ repositoryName: location.repository, layerDigest: config }),
      { abortSignal: signal },
    );
    // Only asked for images of one platform that nobody named: not worth loading it for all others.
    const { fetch } = await import("undici");
    const answer = await fetch(downloadUrl ?? "", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return platformOfConfig(await answer.text());
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError(
      {
        code: "platform-unknown",
        where: `${location.repository}@${config}`,
        message: "the image's configuration, which names its platform, could not be read",
        fix: "build the image again, or give the service exactly one platform in services.yaml",
      },
      { exitCode: 1, cause },
    );
  }
}
