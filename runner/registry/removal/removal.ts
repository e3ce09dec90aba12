import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  PutImageCommand,
  paginateDescribeRepositories,
  type Repository,
} from "@aws-sdk/client-ecr";
import chunk from "es-toolkit/compat/chunk";
import { acceptedMediaTypes } from "../../../builder/manifest.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";
import type { StoredManifest } from "../lookup.ts";

/** Why ECR did not do what it was asked to, by its own code: `ImageReferencedByManifestList`. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * BatchDeleteImage and BatchGetImage take a hundred images:
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
 */
export const imagesInCall = 100;

/**
 * Deletes up to a hundred images of a repository, with all of their tags. By digest and never by tag: a tag may have
 * moved to another image, and the last tag takes its image along.
 *
 * The call is not interrupted, so that its answer is known.
 *
 * @returns why an image was not deleted, by digest; one that was not there counts as deleted
 */
export async function deleteImages(
  clients: Clients,
  repository: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, Refusal>> {
  const { failures = [] } = await clients.uninterruptible.ecr.send(
    new BatchDeleteImageCommand({
      repositoryName: repository,
      imageIds: digests.map((imageDigest) => ({ imageDigest })),
    }),
  );
  return new Map(
    failures.flatMap(({ imageId, failureCode, failureReason }) =>
      imageId?.imageDigest === undefined || failureCode === "ImageNotFound"
        ? []
        : [[imageId.imageDigest, { code: failureCode ?? "unknown", message: failureReason ?? "" }] as const],
    ),
  );
}

/** Names of all repositories of the registry. */
export async function listRepositories(clients: Clients, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  const pages = paginateDescribeRepositories(
    { client: clients.ecr, pageSize: 1000 },
    {},
    { abortSignal: signal },
  );
  for await (const { repositories = [] } of pages)
    found.push(...repositories.flatMap(({ repositoryName }) => repositoryName ?? []));
  return found;
}

/** A repository with its settings. */
export async function describeRepository(
  clients: Clients,
  repository: string,
  signal: AbortSignal,
): Promise<Repository | undefined> {
  const command = new DescribeRepositoriesCommand({ repositoryNames: [repository] });
  const { repositories = [] } = await clients.ecr.send(command, { abortSignal: signal });
  return repositories[0];
}

/** Deletes a repository that holds nothing any more; why not, if ECR refuses. */
export async function deleteEmptyRepository(
  clients: Clients,
  repository: string,
): Promise<Refusal | undefined> {
  try {
    await clients.uninterruptible.ecr.send(
      new DeleteRepositoryCommand({ repositoryName: repository, force: false }),
    );
    return undefined;
  } catch (error) {
    return isAwsError(error, "RepositoryNotFoundException") ? undefined : refusalOf(error);
  }
}

/** Manifests exactly as the registry has them, by digest. One that is not there, or can't be read, is missing. */
export async function readStoredManifests(
  clients: Clients,
  repository: string,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StoredManifest>> {
  const found = new Map<string, StoredManifest>();
  for (const some of chunk(digests, imagesInCall)) {
    const command = new BatchGetImageCommand({
      repositoryName: repository,
      imageIds: some.map((imageDigest) => ({ imageDigest })),
      acceptedMediaTypes,
    });
    const { images = [] } = await clients.ecr.send(command, { abortSignal: signal });
    for (const { imageId, imageManifest, imageManifestMediaType } of images) {
      const digest = imageId?.imageDigest;
      if (digest === undefined || imageManifest === undefined) continue;
      found.set(digest, { digest, mediaType: imageManifestMediaType, text: imageManifest });
    }
  }
  return found;
}

/**
 * Puts a manifest into a repository, under a tag or by its digest only.
 *
 * @returns why ECR refuses it: `LayersNotFoundException` when the layers are gone, `ReferencedImagesNotFoundException`
 *   when an image that the index lists is
 */
export async function restoreManifest(
  clients: Clients,
  repository: string,
  { digest, mediaType, text }: StoredManifest,
  tag: string | undefined,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  try {
    await clients.ecr.send(
      new PutImageCommand({
        repositoryName: repository,
        imageManifest: text,
        imageDigest: digest,
        ...(mediaType !== undefined && { imageManifestMediaType: mediaType }),
        ...(tag !== undefined && { imageTag: tag }),
      }),
      { abortSignal: signal },
    );
    return undefined;
  } catch (error) {
    return isAwsError(error, "ImageAlreadyExistsException") ? undefined : refusalOf(error);
  }
}

/** An error of AWS as a refusal. @throws anything else */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Error) || (error as { $fault?: string }).$fault !== "client") throw error;
  return { code: error.name, message: firstLine(error) };
}
