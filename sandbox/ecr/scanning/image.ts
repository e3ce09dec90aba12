import { z } from "zod";
import { type Backend, Refused } from "../backend.ts";
import { EcrError } from "../protocol.ts";
import type { RepositoryOfScan } from "./configuration.ts";

/** An image that a scan is of. */
export interface ImageOfScan {
  readonly repository: RepositoryOfScan;
  readonly digest: string;
  /** The tag that it was asked for by. */
  readonly tag: string | undefined;
  readonly tags: readonly string[];
  readonly pushedAt: number;
  readonly mediaType: string;
  /** An index and an artifact are not scanned. */
  readonly kind: "image" | "index" | "artifact";
  /** Of an image's configuration. */
  readonly platform: { readonly os: string; readonly architecture: string } | undefined;
}

interface Asking {
  readonly backend: Backend;
  readonly authorization: string;
}

const repositoriesSchema = z.object({
  repositories: z.array(
    z.object({
      repositoryName: z.string(),
      repositoryArn: z.string(),
      registryId: z.string(),
      imageScanningConfiguration: z.object({ scanOnPush: z.boolean().optional() }).optional(),
    }),
  ),
});

/** Those of the repositories that exist. */
export async function repositoriesOf(asking: Asking, names: readonly string[]): Promise<RepositoryOfScan[]> {
  const found = await Promise.all(
    names.map((name) =>
      repositoryOf(asking, name).catch((error: unknown) => {
        if (error instanceof Refused) return undefined;
        throw error;
      }),
    ),
  );
  return found.filter((one) => one !== undefined);
}

async function repositoryOf({ backend, authorization }: Asking, name: string): Promise<RepositoryOfScan> {
  const answer = repositoriesSchema.parse(
    await backend.call("DescribeRepositories", { repositoryNames: [name] }, authorization),
  );
  const [repository] = answer.repositories;
  if (repository === undefined) {
    throw new EcrError(
      "RepositoryNotFoundException",
      `The repository with name '${name}' does not exist in the registry`,
    );
  }
  const { imageScanningConfiguration, ...others } = repository;
  return { ...others, scanOnPush: imageScanningConfiguration?.scanOnPush ?? false };
}

const imagesSchema = z.object({
  imageDetails: z.array(
    z.object({
      imageDigest: z.string(),
      imageTags: z.array(z.string()).nullish(),
      imagePushedAt: z.number().optional(),
    }),
  ),
});

const manifestSchema = z.looseObject({
  config: z.object({ digest: z.string(), mediaType: z.string() }).optional(),
  artifactType: z.string().optional(),
});
const imageConfigTypes = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
const configSchema = z.looseObject({ os: z.string(), architecture: z.string() });

/**
 * The image that an id names.
 *
 * @throws Refused when the emulator has no such repository or image
 */
export async function imageOf(
  asking: Asking,
  repositoryName: string,
  id: { readonly imageDigest?: string | undefined; readonly imageTag?: string | undefined },
): Promise<ImageOfScan> {
  const { backend, authorization } = asking;
  const repository = await repositoryOf(asking, repositoryName);
  const { imageDetails } = imagesSchema.parse(
    await backend.call("DescribeImages", { repositoryName, imageIds: [id] }, authorization),
  );
  const [details] = imageDetails;
  const stored =
    details === undefined ? undefined : await backend.manifest(repositoryName, details.imageDigest);
  if (details === undefined || stored === undefined) {
    throw new EcrError(
      "ImageNotFoundException",
      `The image with imageId {imageDigest:'${id.imageDigest ?? ""}', imageTag:'${id.imageTag ?? ""}'} does not exist within the repository with name '${repositoryName}' in the registry with id '${repository.registryId}'`,
    );
  }
  const { config, artifactType } = manifestSchema.parse(JSON.parse(stored.text));
  const isImage =
    artifactType === undefined && config !== undefined && imageConfigTypes.includes(config.mediaType);
  const read = isImage
    ? configSchema.safeParse(await backend.blob(repositoryName, config.digest)).data
    : undefined;
  return {
    repository,
    digest: details.imageDigest,
    tag: id.imageTag,
    tags: details.imageTags ?? [],
    pushedAt: details.imagePushedAt ?? 0,
    mediaType: stored.mediaType,
    kind: /index|manifest\.list/.test(stored.mediaType) ? "index" : isImage ? "image" : "artifact",
    platform: read === undefined ? undefined : { os: read.os, architecture: read.architecture },
  };
}
