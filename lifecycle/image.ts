/** A manifest in a repository, as a lifecycle policy sees it. ECR calls each of them an image. */
export interface StoredImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date;
  /** The last pull that ECR has recorded. */
  readonly pulledAt?: Date;
  /** When it was last restored from the archive. */
  readonly activatedAt?: Date;
  /** When it was moved to the archive; undefined in the standard storage class. */
  readonly archivedAt?: Date;
  /** Digests that an index lists; empty for a manifest. */
  readonly children: readonly string[];
  /** Digest of what the artifact is attached to. */
  readonly subject?: string;
}

/** The instant that ECR orders and dates an image by: its push, or its restoration from the archive. */
export function orderedBy({ pushedAt, activatedAt }: StoredImage): Date {
  return activatedAt ?? pushedAt;
}
