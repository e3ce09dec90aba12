import type { DeployDocument } from "../../move/document.ts";
import type { Where } from "../../session/where.ts";
import type { TargetOutcome } from "../../targets/target.ts";

/** `slipway wait`. */
export interface WaitDocument extends Where {
  readonly version: 1;
  readonly kind: "wait";
  /** `nothing`: no deployment was in progress. */
  readonly outcome: DeployDocument["outcome"];
  /** `unchanged`: no deployment was in progress there; the message says what runs. */
  readonly targets: readonly TargetOutcome[];
  readonly milliseconds: number;
}
