import type { Clients } from "../aws/clients.ts";

/** Something in the account that runs an image, or would at the next call. */
export interface ImageUse {
  /** The image as it is written there: by digest, by tag, or both. */
  readonly reference: string;
  /** The digest that was reported for it, where what is written is not exact. */
  readonly digest?: string;
  /** `ecs shop-dev/ui`, `lambda checkout:live` */
  readonly where: string;
  /** `PRIMARY deployment, shop-ui:12`, `version 3, 10 % of the calls` */
  readonly why: string;
}

/** What reading the account takes. */
export interface ReadContext {
  readonly clients: Clients;
  readonly signal: AbortSignal;
}

/** Looked at side by side; far below what ECS and Lambda let an account ask in a second. */
export const parallelReads = 8;
