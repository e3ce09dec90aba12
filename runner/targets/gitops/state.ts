import type { Problem } from "../../../config/problems/errors.ts";
import type { GitopsTarget, ManifestPlace } from "../../../config/targets/gitops/target.ts";
import type { PlannedMove, TargetImage, TargetPlan } from "../target.ts";
import type { Proposal } from "./propose/propose.ts";
import type { Remote } from "./repository/remote.ts";

/** What was found of a GitOps target. */
export interface GitopsState {
  readonly remote: Remote;
  /** The commit that the branch is at; undefined when it can't be read. */
  readonly commit: string | undefined;
  /** When it was committed. */
  readonly committedAt: Date | undefined;
  /** Text of each file, by path as the target names it. */
  readonly texts: ReadonlyMap<string, string>;
  /** Digests of the references there that have a tag alone, as the registry has them now. */
  readonly resolved: ReadonlyMap<string, string>;
  /** Why the branch, or a file, can't be read. */
  readonly problems: readonly Problem[];
}

/** What would be done to the manifests of a target. */
export type GitopsPlan = TargetPlan<GitopsState, GitopsTarget>;

/** A planned target of this kind, its image, and the context of its step. */
export type GitopsMove = PlannedMove<GitopsTarget, GitopsState>;

/** What one place named before a commit, and the lines that were changed there. */
export interface PlaceBefore {
  readonly place: ManifestPlace;
  readonly reference: string | undefined;
}

/** What `apply` committed. */
export interface GitopsApplied {
  readonly remote: Remote;
  /** The commit on the branch, or on that of the pull request, that has the image. */
  readonly commit: string;
  /** The image that it set. */
  readonly image?: TargetImage;
  /** What each place named before. */
  readonly before: readonly PlaceBefore[];
  /** Text of each file before. */
  readonly texts: ReadonlyMap<string, string>;
  /** How often the edit was made: more than once when others pushed at the same time. */
  readonly rounds: number;
  /** Whether the server calls the signature of the commit valid; undefined where it was not asked. */
  readonly isVerified?: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The pull request that has the image; undefined when the commit is on the branch. */
  readonly proposal?: Proposal;
}
