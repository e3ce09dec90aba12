import type { Problem } from "../../../config/problems/errors.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { TargetPlan } from "../target.ts";
import type { SeenAlias } from "./alias.ts";

/** What was found of a Lambda target. */
export type LambdaState =
  /** Not there. Created when the target says how; otherwise the problem says what is there. */
  | { readonly kind: "missing"; readonly region: string; readonly problems: readonly Problem[] }
  | {
      readonly kind: "found";
      readonly region: string;
      readonly functionName: string;
      readonly packageType: string;
      /** `x86_64` or `arm64`. */
      readonly architecture: string;
      /** Image of $LATEST, by digest, and whether its last update is over and went well. */
      readonly latest: { readonly image: string | undefined; readonly settled: boolean };
      readonly alias: FoundAlias | undefined;
      /** What the target's settings need but is missing: alarms, room for provisioned concurrency. */
      readonly problems: readonly Problem[];
    };

/** What would be done to a function. */
export type LambdaPlan = TargetPlan<LambdaState, LambdaTarget>;

export type FoundFunction = Extract<LambdaState, { kind: "found" }>;

export interface FoundAlias extends SeenAlias {
  /** Image of the version that the alias points to. */
  readonly image: string | undefined;
  /**
   * Provisioned concurrency of the alias' version, as it was asked for. Looked at only when the target
   * sets it; 0 when there is none.
   */
  readonly provisioned?: number;
  /** Versions that runs which were killed have left with some. Looked at only when the target sets it. */
  readonly left?: readonly LeftVersion[];
}

/** A version newer than the alias' own that has provisioned concurrency, and that no alias uses. */
export interface LeftVersion {
  readonly version: string;
  readonly executions: number;
  readonly image: string | undefined;
}

/** `10 % to version 5` for each. */
export function describeWeights(weights: FoundAlias["weights"]): string[] {
  return Object.entries(weights).map(
    ([version, weight]) => `${Math.round(weight * 100)} % to version ${version}`,
  );
}

/** Whether a part of the alias' invocations goes to another version. */
export function isWeighted(alias: FoundAlias): boolean {
  return Object.keys(alias.weights).length > 0;
}
