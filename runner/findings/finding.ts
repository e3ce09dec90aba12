import type { FindingSeverity } from "../../config/stack/gates.ts";

/** Who found it. Results of different sources are never added up. */
export type FindingSource = "ecr-basic" | "ecr-enhanced" | "grype" | "trivy";

/** A known vulnerability of one package of an image. */
export interface Finding {
  /** `CVE-2026-1234`, as the source calls it. */
  readonly id: string;
  /** Other ids of the same vulnerability. */
  readonly aliases: readonly string[];
  readonly severity: FindingSeverity;
  /** CVSS base score, 0 to 10, when the source has one. */
  readonly score?: number;
  readonly package: {
    readonly name: string;
    readonly version?: string;
    /** Package URL, when the source has one. */
    readonly purl?: string;
    /** Type of a package URL, or Inspector's package manager in lower case: `deb`, `npm`, `gomod`. */
    readonly type?: string;
  };
  /** The version that is without it; absent: none is known. */
  readonly fixedIn?: string;
  /** Whether a fixed version exists. `unknown`: the source does not say. */
  readonly fixable: "yes" | "no" | "unknown";
  /** Digest of the layer that the package is in, or that layer's diff id: scanners name either. */
  readonly layer?: string;
  /**
   * The layer that wrote the package manager's database last, where the source names no other one. An image that
   * installs any package writes the whole database again, so that this need not be the package's own layer.
   */
  readonly databaseLayer?: string;
  readonly source: FindingSource;
  readonly link?: string;
  /** When the source first saw it in this image, or published it (ISO 8601). */
  readonly since?: string;
}

/** The result of a scan of one manifest. */
export type ScanResult = Scanned | Unscanned;

/** A scan that counts. */
export interface Scanned {
  readonly state: "scanned";
  readonly source: FindingSource;
  readonly findings: readonly Finding[];
  /** Findings that the source itself suppresses. */
  readonly suppressed: number;
  /** When the scan was completed (ISO 8601). */
  readonly scannedAt?: string;
  /** When the source's database was made (ISO 8601). */
  readonly databaseAt?: string;
  /** Whether the source scans the image again by itself, so that its result does not age. */
  readonly continuous: boolean;
}

/** No result, which is unknown and never clean. */
export interface Unscanned {
  readonly state: "unknown";
  /** ECR's status or exception, or a word of ours (`TIMED_OUT`, `STALE_SCAN`): what a waiver can name. */
  readonly status: string;
  /** One line: why there is no result, and what to do. */
  readonly reason: string;
}

/** A scanner found no package at all, so that it compared nothing with its database: an image from scratch. */
export function unrecognized(scanner: string): Unscanned {
  return {
    state: "unknown",
    status: "UNSUPPORTED_IMAGE",
    reason: `${scanner} knows neither an operating system nor a package in this image, so it compared nothing`,
  };
}

/** A scan that is not over: looked at again later. */
export interface Waiting {
  readonly state: "waiting";
  readonly status: string;
}

/** The result of one platform's manifest. */
export interface PlatformScan {
  readonly platform: string;
  readonly digest: string;
  readonly result: ScanResult;
}

/** Milliseconds of a day. */
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** The result, or unknown when a scan that is not continuous is older than a number of days. */
export function unlessStale(result: ScanResult, maxAgeDays: number, now: Date): ScanResult {
  if (result.state === "unknown" || result.continuous) return result;
  // The findings are as old as what they were looked up in.
  const dates = [result.scannedAt, result.databaseAt].flatMap((date) => date ?? []);
  if (dates.length === 0) {
    return { state: "unknown", status: "STALE_SCAN", reason: "the scan does not say when it was made" };
  }
  const oldest = Math.min(...dates.map((date) => Date.parse(date)));
  const days = (now.getTime() - oldest) / dayMilliseconds;
  if (days <= maxAgeDays) return result;
  const what =
    result.databaseAt !== undefined && Date.parse(result.databaseAt) === oldest ? "database" : "scan";
  const reason = `the ${what} is ${Math.floor(days)} days old (of ${new Date(oldest).toISOString().slice(0, 10)}), and the limit is ${maxAgeDays}`;
  return { state: "unknown", status: "STALE_SCAN", reason };
}

/** What makes two findings one: the vulnerability by any of its ids, and the package by its name. */
export function findingKeys({ id, aliases, package: { name } }: Finding): readonly string[] {
  return [id, ...aliases].map((one) => `${one} ${name}`);
}
