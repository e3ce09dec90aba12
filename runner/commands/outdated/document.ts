import type { MovedBase } from "../../build/base-images.ts";
import type { Where } from "../../session/where.ts";

/** `slipway outdated`. */
export interface OutdatedDocument extends Where {
  readonly version: 1;
  readonly kind: "outdated";
  /** `outdated`: at least one service has a base image that moved. */
  readonly outcome: "outdated" | "current" | "unknown";
  readonly services: readonly OutdatedService[];
}

/** The base images of what a service's newest release runs. */
export interface OutdatedService {
  readonly service: string;
  /** Digest of the image of the newest release; undefined when the stack has no release of the service. */
  readonly digest?: string;
  readonly moved: readonly MovedBase[];
  readonly pinned: readonly MovedBase[];
  readonly unknown: readonly string[];
  /** Why nothing is known of the service's base images. */
  readonly reason?: string;
}
