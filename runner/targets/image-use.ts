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
}

/** What reading the account needs. */
export interface ReadContext {
  readonly clients: Clients;
  readonly signal: AbortSignal;
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
