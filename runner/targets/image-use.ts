import type { Clients } from "../aws/clients.ts";

/** Something in the account that runs an image, or would at the next call. */
export interface ImageUse {
  /** The image reference there: by digest, by tag, or both. */
  readonly reference: string;
  /** The reported digest, where the reference is not exact. */
  readonly digest?: string;
  /** `ecs shop-dev/ui`, `lambda checkout:live` */
  readonly where: string;
  /** `PRIMARY deployment, shop-ui:12`, `version 3, 10 % of the calls` */
  readonly why: string;
  /** Undefined: it runs, or is what answers the next call. */
  readonly certainty?: Certainty;
}

/**
 * How sure it is that a digest is needed, where it does not run: `starts`: a configuration names it, and may start it
 * at any time; `returns`: a rollback would go back to it; `tag`: only a tag names the image, which stands for this
 * digest now and may move; `reported`: another service counts its users.
 */
export type Certainty = "starts" | "returns" | "tag" | "reported";

/** What reading the account needs. */
export interface ReadContext {
  readonly clients: Clients;
  readonly signal: AbortSignal;
  /** Where more is searched than a deployment needs. */
  readonly beyond?: Beyond;
}

/** Searches for images that nothing runs now, and that something may start or go back to. */
export interface Beyond {
  /** The newest revisions of a task definition's family that are in question. */
  readonly revisions: number;
  /** Makes one search. One that AWS refuses finds nothing, and is noted with its reason. */
  search(what: string, work: () => Promise<readonly ImageUse[]>): Promise<readonly ImageUse[]>;
}

/** What reading the account and what the project names needs. */
export interface ProjectContext extends ReadContext {
  /** The project's, which paths in services.yaml are relative to. */
  readonly directory: string;
  /** Is told in a few words of each place that may use images and could not be read. */
  readonly unseen?: (place: string) => void;
}

/** Parallel reads; far below the calls a second that ECS and Lambda allow an account. */
export const parallelReads = 8;
