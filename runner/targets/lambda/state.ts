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
      readonly alias:
        | {
            readonly version: string;
            /** Image of the version that the alias points to. */
            readonly image: string | undefined;
            /** Whether a part of the invocations goes to another version. */
            readonly weighted: boolean;
          }
        | undefined;
    };

export type FoundFunction = Extract<LambdaState, { kind: "found" }>;
