import type { RecordedRelease } from "../history/write.ts";
import type { Phase } from "../session/timeline.ts";
import type { Where } from "../session/where.ts";
import type { TargetOutcome } from "../targets/target.ts";

/** `slipway deploy`. */
export interface DeployDocument extends Where {
  readonly version: 1;
  readonly kind: "deploy";
  /**
   * `nothing`: there was nothing to do. `proposed`: nothing failed, and pull requests are open. `superseded`: a
   * newer commit is already deployed.
   */
  readonly outcome: "done" | "nothing" | "proposed" | "failed" | "interrupted" | "superseded";
  /** Services whose image is in the registry. */
  readonly services: readonly DeployedService[];
  /** Services that were not built because the run was interrupted. */
  readonly notBuilt: readonly string[];
  readonly targets: readonly TargetOutcome[];
  /** The release records of this run: one for each service with a target that the run tried to move. */
  readonly releases: readonly RecordedRelease[];
  /** How long each phase took. */
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
