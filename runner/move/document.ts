import type { RecordedRelease } from "../history/write.ts";
import type { Phase } from "../session/timeline.ts";
import type { Where } from "../session/where.ts";
import type { TargetOutcome } from "../targets/target.ts";

/** `slipway deploy`. */
export interface DeployDocument extends Where {
  readonly version: 1;
  readonly kind: "deploy";
  /** `nothing`: there was nothing to do. `superseded`: a newer commit came to run meanwhile. */
  readonly outcome: "done" | "nothing" | "failed" | "interrupted" | "superseded";
  /** Services whose image is in the registry. */
  readonly services: readonly DeployedService[];
  /** Services whose image is not there, since the run was interrupted. */
  readonly notBuilt: readonly string[];
  readonly targets: readonly TargetOutcome[];
  /** The records that were written of it, one for each service of which a target was tried. */
  readonly releases: readonly RecordedRelease[];
  /** Where the time went. */
  readonly timeline: readonly Phase[];
  readonly milliseconds: number;
}

export interface DeployedService {
  readonly service: string;
  readonly built: boolean;
  readonly sourceHash: string;
  readonly digest: string;
  /** `<registry>/<repository>@<digest>` */
  readonly reference: string;
  /** Platform → digest. */
  readonly manifests: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}
