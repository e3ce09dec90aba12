import type { Where } from "../../session/where.ts";
import type { TargetStatus } from "../../targets/target.ts";

/** `slipway status`. */
export interface StatusDocument extends Where {
  readonly version: 1;
  readonly kind: "status";
  readonly targets: readonly (TargetStatus & {
    /**
     * Whether what runs was built from the source as it is here. `not built`: the registry has no
     * image of it.
     */
    readonly source: "current" | "behind" | "not built";
    /** Containers that run it, of a target whose own service is another one. */
    readonly sidecar?: string;
    /** Digest of what runs, as far as it is known. */
    readonly digest?: string;
    /** The release that put it there, when it was one of this stack's. */
    readonly release?: string;
    /** The commit it was built from: the release's, else one that a tag of the image names. */
    readonly commit?: string;
    /** Tags that people gave the image. */
    readonly tags?: readonly string[];
  })[];
  /** Services that nothing runs. */
  readonly withoutTargets: readonly string[];
}
