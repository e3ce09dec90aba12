import type { BlobHolder } from "../bytes.ts";
import type { StoredImage } from "../image.ts";

/** What a clean-up can be asked to remove from the repositories of services. */
export const cleanupKinds = [
  "untagged",
  "incomplete",
  "evidence",
  "caches",
  "pull-requests",
  "records",
] as const;

export type CleanupKind = (typeof cleanupKinds)[number];

/** A manifest of a repository, with what a clean-up decides by. */
export interface CleanupImage extends StoredImage, BlobHolder {
  /** `unknown`: its manifest could not be read, so that it may be an index. */
  readonly kind: "index" | "manifest" | "unknown";
  /** Media type of the artifact or of its configuration; empty for an index, or if unknown. */
  readonly type: string;
  /** Hash of the source that Slipway built it from, by its label; read of manifests that stand alone. */
  readonly builtFrom?: string;
  /** Whose release it records, if it is the newest record of a stack. */
  readonly recordOf?: { readonly stack: string; readonly service: string };
}

/** A user of an image, and the reason. */
export interface NeededBy {
  readonly where: string;
  readonly why: string;
}

/** A repository, and what is needed of it. */
export interface CleanupRepository {
  readonly repository: string;
  readonly images: readonly CleanupImage[];
  /** Digest → who needs it. */
  readonly needed: ReadonlyMap<string, readonly NeededBy[]>;
  /** Whether it was named as the repository of a removed service: then all of it goes, or nothing. */
  readonly isRemoved: boolean;
}

export type PullRequestState = "open" | "closed" | "unknown";

/** What may go. */
export interface CleanupRules {
  readonly kinds: readonly CleanupKind[];
  /** The newest images of each repository that stay, whatever they are. */
  readonly keepNewest: number;
  /** Days that everything stays after its push. */
  readonly graceDays: number;
  readonly now: Date;
  /** Whether what runs in the account could not be read. */
  readonly isAccountUnseen: boolean;
  /** Places that were not looked at, in which a pulled image may run; none if that was accepted. */
  readonly blindSpots: readonly string[];
  /** A pull after this instant keeps an image, whatever was accepted; undefined: none does. */
  readonly pulledSince: Date | undefined;
  /** Number of the pull request that a tag is for; undefined for any other tag. */
  readonly pullRequestOf: (tag: string) => number | undefined;
  readonly stateOf: (pullRequest: number) => PullRequestState;
  /** Whether a release record is one of a service that the stack no longer has. */
  readonly isRemovedService: (record: { readonly stack: string; readonly service: string }) => boolean;
}

/** A manifest that a clean-up deletes. */
export interface Removal {
  readonly repository: string;
  readonly image: CleanupImage;
  readonly kind: CleanupKind | "repositories";
  readonly reason: string;
  /** What is in a lower wave has to be gone before: ECR refuses to delete what an index still lists. */
  readonly wave: number;
  /** Digests of the same repository that have to be gone before. */
  readonly after: readonly string[];
}

/** A manifest of a selected kind that stays. */
export interface KeptBack {
  readonly repository: string;
  readonly image: CleanupImage;
  readonly kind: CleanupKind | "repositories";
  readonly reason: string;
}

export interface CleanupPlan {
  /** In the order of deletion. */
  readonly removals: readonly Removal[];
  readonly kept: readonly KeptBack[];
  /** Removed services' repositories that go once they are empty. */
  readonly repositories: readonly string[];
  /** Digest and repository of each removal → bytes that it frees, in this order. */
  readonly freed: ReadonlyMap<Removal, number>;
}
