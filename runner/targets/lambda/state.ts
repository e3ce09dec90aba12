import type { Problem } from "../../../config/errors.ts";

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
      /** What the target's settings need and is not there: alarms, room for provisioned concurrency. */
      readonly problems: readonly Problem[];
    };

export type FoundFunction = Extract<LambdaState, { kind: "found" }>;

export interface FoundAlias {
  readonly version: string;
  /** Image of the version that the alias points to. */
  readonly image: string | undefined;
  /** Versions that get a part of the invocations, by number; 0 to 1. Empty: the alias' version gets all. */
  readonly weights: Readonly<Record<string, number>>;
  /**
   * Provisioned concurrency of the alias' version, as it was asked for. Looked at only when the target
   * sets it; 0 when there is none.
   */
  readonly provisioned?: number;
}

/** `10 % to version 5` for each. Pure. */
export function describeWeights(weights: FoundAlias["weights"]): string[] {
  return Object.entries(weights).map(
    ([version, weight]) => `${Math.round(weight * 100)} % to version ${version}`,
  );
}

/** Whether a part of the alias' invocations goes to another version. Pure. */
export function isWeighted(alias: FoundAlias): boolean {
  return Object.keys(alias.weights).length > 0;
}
