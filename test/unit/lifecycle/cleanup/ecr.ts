import type { CleanupImage } from "../../../../lifecycle/cleanup/model.ts";

/** A repository as ECR keeps it, as far as deletion goes. */
export interface EcrModel {
  /** BatchDeleteImage: the failure code of each image that it refuses. */
  delete(digests: readonly string[]): ReadonlyMap<string, string>;
  has(digest: string): boolean;
}

/**
 * ECR refuses an image that an index still lists. Nothing says in which order it looks at the images of one call, so
 * the model takes the worst: an index that goes in the same call still counts.
 */
export function ecrModel(images: readonly CleanupImage[]): EcrModel {
  const held = new Map(images.map((image) => [image.digest, image]));
  return {
    has: (digest) => held.has(digest),
    delete: (digests) => {
      const before = [...held.values()];
      const failures = new Map<string, string>();
      for (const digest of digests) {
        if (!held.has(digest)) failures.set(digest, "ImageNotFound");
        else if (before.some(({ children }) => children.includes(digest)))
          failures.set(digest, "ImageReferencedByManifestList");
        else held.delete(digest);
      }
      return failures;
    },
  };
}
