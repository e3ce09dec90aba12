import type { Where } from "../../session/where.ts";
import type { TargetStatus } from "../../targets/target.ts";

/** `slipway status`. */
export interface StatusDocument extends Where {
  readonly version: 1;
  readonly kind: "status";
  readonly targets: readonly (TargetStatus & {
    /**
     * Whether what runs was built from the local source. `not built`: the registry has no image of the
     * local source.
     */
    readonly source: "current" | "behind" | "not built";
    /** Containers that run it in another service's target. */
    readonly sidecar?: string;
    /** Digest of what runs, if known. */
    readonly digest?: string;
    /** The release of this stack that deployed it. */
    readonly release?: string;
    /** The commit of its source: the release's commit, or else one that a tag names. */
    readonly commit?: string;
    /** Tags of the image, except Slipway's own. */
    readonly tags?: readonly string[];
  })[];
  /** Services without targets. */
  readonly withoutTargets: readonly string[];
}
