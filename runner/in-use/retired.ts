import { artifactManifest, emptyBlob, readArtifact } from "../registry/artifact.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { putBlob, putManifest } from "../registry/push.ts";

/** Type of the artifact that holds keep-tags of targets that are no more. */
export const retiredType = "application/vnd.slipway.retired.v1";

/** Always the same bytes: one small manifest a repository, however many tags it holds. */
const marker = artifactManifest({ artifactType: retiredType, content: emptyBlob, annotations: {} });

/**
 * Takes tags off the images that they are on, by moving them to an empty artifact. ECR takes a tag off only
 * with BatchDeleteImage, which deletes the image when it was the last one; moving can't delete anything, and
 * needs no right beyond pushing.
 */
export async function retireTags(
  registry: RegistryConnection,
  repository: string,
  tags: readonly string[],
): Promise<void> {
  await putBlob(registry, repository, emptyBlob);
  for (const tag of tags) await putManifest(registry, repository, tag, marker);
}

/** Digest of what retired tags are on. */
export const retiredDigest = marker.digest;

/** Whether a manifest is what retired tags are on. */
export function isRetired(text: string): boolean {
  return readArtifact(text)?.artifactType === retiredType;
}
