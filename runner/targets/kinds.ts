import type { EcsTarget, LambdaTarget, Target } from "../../config/catalogue/catalogue.ts";
import { type EcsApplied, ecsKind } from "./ecs/kind.ts";
import type { EcsState } from "./ecs/state.ts";
import { type LambdaApplied, lambdaKind } from "./lambda/kind.ts";
import type { LambdaState } from "./lambda/state.ts";
import type { TargetKind } from "./target.ts";

/** The kinds of target there are. A new one is a folder next to these and a line here. */
export const kinds = {
  ecs: ecsKind,
  lambda: lambdaKind,
} as const satisfies {
  ecs: TargetKind<EcsTarget, EcsState, EcsApplied>;
  lambda: TargetKind<LambdaTarget, LambdaState, LambdaApplied>;
};

/** The kind of a target, for callers that treat all alike. */
export function kindOf(target: Target): TargetKind<Target, unknown, unknown> {
  // Each kind takes its own target and state only, and gets nothing else: both come from the same entry.
  return kinds[target.kind] as unknown as TargetKind<Target, unknown, unknown>;
}
