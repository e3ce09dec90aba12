import { artifactManifest, emptyBlob, readArtifact } from "../registry/artifact.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { putBlob, putManifest } from "../registry/push.ts";

/** Type of the artifact that holds the keep tags of removed targets. */
export const retiredType = "application/vnd.slipway.retired.v1";

/** Always the same bytes: one small manifest a repository, however many tags it holds. */
const marker = artifactManifest({ artifactType: retiredType, content: emptyBlob, annotations: {} });

/**
 * Removes tags from their images by moving them to an empty artifact. ECR removes a tag only with
 * BatchDeleteImage, which deletes the image with its last tag. Moving a tag deletes nothing, and needs no
 * permission beyond pushing.
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
