import type { OutdatedDocument } from "../../bases/outdated.ts";
import type { DeployDocument } from "../../move/document.ts";

/** `slipway outdated`, and what `--rebuild` did. */
export interface RebuiltDocument extends OutdatedDocument {
  readonly rebuild?: Rebuilt;
}

/** What `--rebuild` did. */
export interface Rebuilt {
  /** Services that were built on the newest base images, and deployed. */
  readonly services: readonly string[];
  readonly skipped: readonly NotRebuilt[];
  /** The deployment; absent when there was nothing to build. */
  readonly deployment?: DeployDocument;
}

/** A service with base images that moved, which was left as it is. */
export interface NotRebuilt {
  readonly service: string;
  /** `other source`: the checkout has not the source that runs. */
  readonly because: "other source" | "unknown source";
  /** Digest of the image that runs, and its commit. */
  readonly running?: string;
  readonly commit?: string;
}
