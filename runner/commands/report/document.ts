import type { ReleaseRecord } from "../../release/record.ts";
import type { Where } from "../../session/where.ts";

/** `slipway report validation`. */
export interface ValidationDocument extends Where {
  readonly version: 1;
  readonly kind: "validation";
  /**
   * `exceptions`: nothing failed, but a person overrode a gate, or one could not tell. `nothing checked`: there is
   * nothing to report on.
   */
  readonly outcome: "passed" | "exceptions" | "failed" | "nothing checked";
  /** When the registry was read (ISO 8601). */
  readonly readAt: string;
  readonly releases: readonly ValidatedRelease[];
  /** Services without a release to report on, and why. */
  readonly withoutRelease: readonly { readonly service: string; readonly reason: string }[];
}

/** What was checked of one service's release. */
export interface ValidatedRelease {
  readonly service: string;
  readonly repository: string;
  readonly outcome: ValidationDocument["outcome"];
  /** The release record, without earlier releases. */
  readonly release: Omit<ReleaseRecord, "earlier" | "gates">;
  /** Digest of the record's own manifest, when it is known. */
  readonly record?: string;
  readonly checks: readonly ValidationCheck[];
  /** What nobody checked, and why. It says nothing of the image. */
  readonly notChecked: readonly { readonly check: string; readonly reason: string }[];
}

/** One check, and what it found. */
export interface ValidationCheck {
  readonly check: string;
  /** The platform or target that it is about; absent: the release. */
  readonly about?: string;
  /**
   * As a gate's verdicts. `noted`: a fact that is not as one may wish it, and that nothing judges: `no HEALTHCHECK`.
   */
  readonly verdict: "passed" | "failed" | "overridden" | "undecided" | "noted";
  /** `deployment`: as the record says. `now`: as the registry says. */
  readonly when: "deployment" | "now";
  /** One line each. */
  readonly evidence: readonly string[];
  /** Command that checks the same again; absent: only another deployment does. */
  readonly repeat?: string;
}
