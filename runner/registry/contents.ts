import {
  BatchGetImageCommand,
  type DescribeImagesFilter,
  DescribeRepositoriesCommand,
  type ImageDetail,
  paginateDescribeImages,
} from "@aws-sdk/client-ecr";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import { z } from "zod";
import { acceptedMediaTypes, platformName } from "../../builder/manifest.ts";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";

/** A blob of an image: a layer, or its configuration. */
export interface Blob {
  readonly digest: string;
  /** Bytes, compressed, as a pull transfers them. */
  readonly bytes: number;
}

/** A manifest or index of a repository, with its description. */
export interface Entry {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date | undefined;
  readonly content: Content;
}

/** An image in ECR's archive: ECR describes it, but does not return its manifest. */
export interface ArchivedEntry {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date | undefined;
  readonly bytes: number;
  readonly isBeingRestored: boolean;
}

/** The content of a repository. */
export interface Contents {
  readonly entries: readonly Entry[];
  readonly archived: readonly ArchivedEntry[];
}

export type Content =
  | {
      readonly kind: "index";
      readonly artifactType: string | undefined;
      /** What it lists; a platform only for images. */
      readonly children: readonly { readonly digest: string; readonly platform: string | undefined }[];
    }
  | {
      readonly kind: "manifest";
      /** Its own, else the media type of its configuration. */
      readonly type: string;
      /** Digest of its subject. */
      readonly subject: string | undefined;
      readonly blobs: readonly Blob[];
    }
  /** Deleted since it was listed, or of an unknown format. */
  | { readonly kind: "unknown" };

/**
 * BatchGetImage takes a hundred:
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
 */
const mostAtOnce = 100;

/**
 * Everything that a repository holds, manifests read; undefined when there is no repository. A call for a
 * thousand entries and one for a hundred manifests, eight at a time.
 */
export async function readContents(
  clients: Clients,
  repository: string,
  signal: AbortSignal,
): Promise<Contents | undefined> {
  const all = await listDetails(clients, repository, signal, { imageStatus: "ANY" });
  if (all === undefined) return undefined;
  const isActive = ({ imageStatus = "ACTIVE" }: ImageDetail) => imageStatus === "ACTIVE";
  const details = all.filter(isActive);
  const digests = details.flatMap(({ imageDigest }) => imageDigest ?? []);
  const contents = await readManifests(clients, repository, digests, signal);
  const archived = all.filter((one) => !isActive(one)).flatMap(archivedEntry);
  const entries = details.flatMap(({ imageDigest, imageTags, imagePushedAt }): Entry[] =>
    imageDigest === undefined
      ? []
      : [
          {
            digest: imageDigest,
            tags: imageTags ?? [],
            pushedAt: imagePushedAt,
            content: contents.get(imageDigest) ?? { kind: "unknown" },
          },
        ],
  );
  return { entries, archived };
}

/** The manifests of a repository by digest, read. One that has been deleted since is missing. */
export async function readManifests(
  clients: Clients,
  repository: string,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Content>> {
  const answers = await pMap(
    chunk(digests, mostAtOnce),
    async (some) => {
      const command = new BatchGetImageCommand({
        repositoryName: repository,
        imageIds: some.map((imageDigest) => ({ imageDigest })),
        acceptedMediaTypes,
      });
      const { images = [] } = await clients.ecr.send(command, { abortSignal: signal });
      return images.flatMap(({ imageId, imageManifest }) =>
        imageId?.imageDigest === undefined
          ? []
          : [[imageId.imageDigest, parseContent(imageManifest)] as const],
      );
    },
    { concurrency: 8, signal },
  );
  return new Map(answers.flat());
}

function archivedEntry(detail: ImageDetail): ArchivedEntry[] {
  const { imageDigest: digest, imageTags: tags = [], imagePushedAt: pushedAt, imageSizeInBytes } = detail;
  if (digest === undefined) return [];
  const isBeingRestored = detail.imageStatus === "ACTIVATING";
  return [{ digest, tags, pushedAt, bytes: imageSizeInBytes ?? 0, isBeingRestored }];
}

/**
 * Everything that a repository holds, as ECR describes it: a call for a thousand. Undefined when there is
 * no repository.
 *
 * @param filter selects tagged, untagged or also archived images; default: all that are not archived
 */
export async function listDetails(
  clients: Clients,
  repository: string,
  signal: AbortSignal,
  filter?: DescribeImagesFilter,
): Promise<ImageDetail[] | undefined> {
  const details: ImageDetail[] = [];
  try {
    const pages = paginateDescribeImages(
      { client: clients.ecr, pageSize: 1000 },
      { repositoryName: repository, ...(filter === undefined ? {} : { filter }) },
      { abortSignal: signal },
    );
    for await (const page of pages) details.push(...(page.imageDetails ?? []));
  } catch (error) {
    if (isAwsError(error, "RepositoryNotFoundException")) return undefined;
    throw error;
  }
  return details;
}

/** Whether the registry has a repository of this name. */
export async function repositoryExists(
  clients: Clients,
  repository: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const command = new DescribeRepositoriesCommand({ repositoryNames: [repository] });
    await clients.ecr.send(command, { abortSignal: signal });
    return true;
  } catch (error) {
    if (isAwsError(error, "RepositoryNotFoundException")) return false;
    throw error;
  }
}

const descriptor = z.object({ digest: z.string(), size: z.number(), mediaType: z.string().default("") });

const contentSchema = z.union([
  z.object({
    artifactType: z.string().optional(),
    manifests: z.array(
      z.object({
        digest: z.string(),
        platform: z
          .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
          .nullish(),
      }),
    ),
  }),
  z.object({
    artifactType: z.string().optional(),
    subject: z.object({ digest: z.string() }).nullish(),
    config: descriptor,
    layers: z.array(descriptor).default([]),
  }),
]);

/** Reads a manifest of any type as the registry stores it. */
export function parseContent(text: string | undefined): Content {
  const parsed = contentSchema.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: "unknown" };
  const found = parsed.data;
  if ("manifests" in found) {
    return {
      kind: "index",
      artifactType: found.artifactType,
      children: found.manifests.map(({ digest, platform }) => ({
        digest,
        // Attestations are listed as manifests of an unknown platform.
        platform: platform == null || platform.os === "unknown" ? undefined : platformName(platform),
      })),
    };
  }
  return {
    kind: "manifest",
    type: found.artifactType ?? found.config.mediaType,
    subject: found.subject?.digest,
    blobs: [found.config, ...found.layers].map(({ digest, size }) => ({ digest, bytes: size })),
  };
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
