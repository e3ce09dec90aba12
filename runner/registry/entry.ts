import { DescribeImagesCommand } from "@aws-sdk/client-ecr";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";

/** What an image's entry in the registry says, without its manifest. */
export interface ImageEntry {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date | undefined;
}

/** The entry of one image, by digest or tag; undefined when there is none, or no repository. */
export async function describeEntry(
  clients: Clients,
  repository: string,
  id: { readonly imageDigest: string } | { readonly imageTag: string },
  signal: AbortSignal,
): Promise<ImageEntry | undefined> {
  try {
    const { imageDetails } = await clients.ecr.send(
      new DescribeImagesCommand({ repositoryName: repository, imageIds: [id] }),
      { abortSignal: signal },
    );
    const [entry] = imageDetails ?? [];
    if (entry?.imageDigest === undefined) return undefined;
    return { digest: entry.imageDigest, tags: entry.imageTags ?? [], pushedAt: entry.imagePushedAt };
  } catch (error) {
    if (isAwsError(error, "ImageNotFoundException", "RepositoryNotFoundException")) return undefined;
    throw error;
  }
}
