import { DescribeImagesCommand, type ImageStatus } from "@aws-sdk/client-ecr";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";

/** The registry's entry of an image, without its manifest. */
export interface ImageEntry {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date | undefined;
  /** In ECR's archive, or on its way out of it: nothing can pull it. */
  readonly status: ImageStatus;
}

/**
 * The entry of one image, archived or not, by digest or tag; undefined when there is none, or no repository.
 */
export async function describeEntry(
  clients: Clients,
  repository: string,
  id: { readonly imageDigest: string } | { readonly imageTag: string },
  signal: AbortSignal,
): Promise<ImageEntry | undefined> {
  try {
    const { imageDetails } = await clients.ecr.send(
      // Without the filter only active images are described.
      new DescribeImagesCommand({
        repositoryName: repository,
        imageIds: [id],
        filter: { imageStatus: "ANY" },
      }),
      { abortSignal: signal },
    );
    const [entry] = imageDetails ?? [];
    if (entry?.imageDigest === undefined) return undefined;
    const { imageDigest: digest, imageTags: tags = [], imagePushedAt: pushedAt, imageStatus } = entry;
    return { digest, tags, pushedAt, status: imageStatus ?? "ACTIVE" };
  } catch (error) {
    if (isAwsError(error, "ImageNotFoundException", "RepositoryNotFoundException")) return undefined;
    throw error;
  }
}
