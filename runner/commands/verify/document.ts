import type { Target } from "../../../config/targets/target.ts";
import type { Where } from "../../session/where.ts";
import type { TargetCheck } from "../../targets/target.ts";

/** `slipway verify`. */
export interface VerifyDocument extends Where {
  readonly version: 1;
  readonly kind: "verify";
  /** `failed`: a deployment would be refused. */
  readonly outcome: "ok" | "failed";
  readonly targets: readonly {
    readonly service: string;
    readonly title: string;
    readonly kind: Target["kind"];
    readonly checks: readonly TargetCheck[];
  }[];
  /** Services without targets. */
  readonly withoutTargets: readonly string[];
}
