import type { FollowSettings } from "../../../../config/targets/gitops/follow.ts";

/** A commit of the manifest repository that is on its branch, and what has to come of it. */
export interface Delivery {
  readonly follow: FollowSettings;
  /** The service whose image the commit delivers. */
  readonly service: string;
  /** The manifest repository, as services.yaml names it. */
  readonly repository: string;
  readonly branch: string;
  /** Full id of the commit: the one on the branch, after a squash or a merge. */
  readonly commit: string;
  /** `sha256:…` of the image. */
  readonly digest: string;
  /** The image as the manifests name it: by digest, by tag or by both. */
  readonly reference: string;
  /** Milliseconds since the epoch: time-outs count from here. */
  readonly startedAt: number;
  /** Whether a revision of the manifest repository still sets our image in all files of the target. */
  holdsImage(revision: string): Promise<boolean>;
  /** Whether our commit is among the ancestors of a revision, after a fetch where the clone lacks it. */
  comesAfter(revision: string): Promise<boolean>;
}

/**
 * How a delivery ended. `running`: the image was seen to run. `committed`: nothing was followed. `paused`: it
 * still waits for a person or for a sync window. `overtaken`: another commit set another image.
 */
export type DeliveryVerdict =
  | "running"
  | "committed"
  | "paused"
  | "failed"
  | "overtaken"
  | "timed out"
  | "cancelled";

/** The end of a delivery, for `TargetOutcome`. */
export interface DeliveryEnd {
  readonly verdict: DeliveryVerdict;
  /** One line. */
  readonly message: string;
  /** Failing resources, events, reasons of pods, last log lines; in reading order. */
  readonly evidence: readonly string[];
  readonly hint?: string;
}
