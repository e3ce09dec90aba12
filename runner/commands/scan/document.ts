import type { Finding, FindingSource } from "../../findings/finding.ts";
import type { Origin, Rebuild } from "../../findings/origin/origin.ts";
import type { Where } from "../../session/where.ts";

/** `slipway scan`. */
export interface ScanDocument extends Where {
  readonly version: 1;
  readonly kind: "scan";
  /**
   * `refused`: `--fail-on` found something. `unknown`: an image has no scan result, which does not mean that it
   * is clean. `findings`: there are some, waived ones aside.
   */
  readonly outcome: "clean" | "findings" | "unknown" | "refused";
  readonly images: readonly ScannedImage[];
  /** Services without an image to scan, and why. */
  readonly withoutImage: readonly { readonly service: string; readonly reason: string }[];
  /** What should be known of waivers. */
  readonly notices: readonly string[];
  /** With `--sarif`: the files, and what GitHub's limits or missing results left out of them. */
  readonly sarif?: { readonly files: readonly string[]; readonly leftOut: readonly string[] };
}

export interface ScannedImage {
  readonly service: string;
  readonly repository: string;
  /** Path of its Dockerfile, relative to the project's directory. */
  readonly dockerfile: string;
  /** Digest of the index, or of the only manifest. */
  readonly digest: string;
  readonly platforms: readonly ScannedPlatform[];
}

/** The result of one platform's manifest, by one source; results of several sources are never added up. */
export interface ScannedPlatform {
  readonly platform: string;
  readonly digest: string;
  /** Absent without a result. */
  readonly source?: FindingSource;
  readonly scannedAt?: string;
  readonly databaseAt?: string;
  /** Why there is no result. */
  readonly unknown?: { readonly status: string; readonly reason: string };
  /** Findings that the source suppresses by its own rules. */
  readonly suppressed: number;
  readonly findings: readonly ReportedFinding[];
  /** The image that its last stage begins with, and what the build took; absent when it is not known. */
  readonly base?: { readonly reference: string; readonly digest: string };
  /** Why the base image is not known, where there are findings. */
  readonly baseUnknown?: string;
  /** What a build on the newest base image would fix; absent when there is no newer one. */
  readonly rebuild?: Rebuild;
}

/** A finding, whose it is, and the waiver that accepts it, or the VEX statement that clears it. */
export interface ReportedFinding extends Finding {
  readonly origin: Origin;
  readonly vex?: {
    readonly status: "not_affected" | "fixed";
    readonly author: string;
    readonly because: string;
  };
  readonly waived?: { readonly expires: string; readonly owner: string; readonly reason: string };
}
