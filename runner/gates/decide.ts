import type { FindingsPolicy } from "../../config/stack/gates.ts";
import type { Waiver } from "../../config/waivers.ts";
import { type Finding, findingKeys, type PlatformScan, type ScanResult } from "../findings/finding.ts";
import type { Origin } from "../findings/origin/origin.ts";
import type { VexClaim } from "./vex-claims.ts";
import { daysLeft, isAbout, isAboutStatus, waiverState } from "./waivers.ts";

/** What a run wants to move to an image, and what it replaces. */
export interface FindingsQuestion {
  readonly service: string;
  /** The results of the image's platforms. */
  readonly scans: readonly PlatformScan[];
  /**
   * Platform → what each target runs on it now. A target that runs nothing there, or an image that is not
   * known, is `none`.
   */
  readonly running: Readonly<Record<string, readonly Running[]>>;
  /** The statement by which a finding of a platform does not count; absent: none is asked. */
  readonly vex?: (digest: string, finding: Finding) => VexClaim | undefined;
}

/** What one target runs on one platform. */
export type Running = "none" | { readonly digest: string; readonly result: ScanResult };

/** Why a finding counts as it does. */
export type Because =
  | "new"
  /** Nothing to compare with: no target runs the platform, or what it runs has no scan result. */
  | "nothing to compare"
  /** The stack compares nothing (`onlyNew: false`). */
  | "any"
  /** It runs already, and its time is over. */
  | "overdue"
  | "expired waiver"
  | "runs already"
  | "no fix"
  | "fix unknown"
  | "waived"
  /** A VEX document that is attached to the image says that it is not affected, or fixed. */
  | "vex"
  | "severity";

/** A finding, and what the gate makes of it. */
export interface JudgedFinding {
  readonly finding: Finding;
  readonly judgement: "block" | "warn" | "pass";
  readonly because: Because;
  readonly waiver?: Waiver;
  readonly vex?: VexClaim;
  /** Whose it is; absent: not known, or not asked. It decides nothing. */
  readonly origin?: Origin;
}

/** `unknown`: there is no result, and the stack says what that means. */
export interface PlatformVerdict {
  readonly platform: string;
  readonly digest: string;
  readonly verdict: "block" | "warn" | "pass";
  /** Why there is no result; absent when there is one. */
  readonly unknown?: { readonly status: string; readonly reason: string; readonly waiver?: Waiver };
  readonly findings: readonly JudgedFinding[];
}

/** What the gate says of one service's image: the worst of its platforms. */
export interface FindingsVerdict {
  readonly service: string;
  readonly verdict: "block" | "warn" | "pass";
  readonly platforms: readonly PlatformVerdict[];
  /** Waivers that are about something of this image, valid or not. */
  readonly used: ReadonlySet<Waiver>;
}

/**
 * Decides whether targets may move to an image. The order of the questions for each finding:
 *
 * 1. severity in neither list → pass
 * 2. a valid waiver → pass; a VEX statement that clears it → pass; an expired waiver → as if it were new
 * 3. `onlyFixable`: no fix → pass; unknown whether there is one → at most warn
 * 4. `onlyNew`: every target runs it already → pass, unless `dueDate` or `dueDays` is over
 * 5. otherwise block or warn, by the list that has the severity
 *
 * A platform without a result passes by a waiver of its status only; else it is what `unknown` says.
 */
export function decideFindings(
  { service, scans, running, vex }: FindingsQuestion,
  policy: FindingsPolicy,
  waivers: readonly Waiver[],
  now: Date,
): FindingsVerdict {
  const used = new Set<Waiver>();
  const platforms = scans.map(({ platform, digest, result }): PlatformVerdict => {
    if (result.state === "unknown") {
      const { status, reason } = result;
      const about = waivers.filter((waiver) => isAboutStatus(waiver, service, status));
      for (const waiver of about) used.add(waiver);
      const waiver = validOf(about, now);
      const unknown = { status, reason, ...(waiver === undefined ? {} : { waiver }) };
      const verdict = waiver === undefined ? policy.unknown : "pass";
      return { platform, digest, verdict, unknown, findings: [] };
    }
    const before = baselineOf(running[platform] ?? []);
    const findings = result.findings.map((finding) => {
      const about = waivers.filter((waiver) => isAbout(waiver, service, finding));
      for (const waiver of about) used.add(waiver);
      return judge(finding, { before, about, policy, now, vex: vex?.(digest, finding) });
    });
    return { platform, digest, verdict: worst(findings.map(({ judgement }) => judgement)), findings };
  });
  return { service, verdict: worst(platforms.map(({ verdict }) => verdict)), platforms, used };
}

/** The worst of several; nothing to judge passes. */
export function worst(all: readonly PlatformVerdict["verdict"][]): PlatformVerdict["verdict"] {
  if (all.includes("block")) return "block";
  return all.includes("warn") ? "warn" : "pass";
}

/** Findings that every target runs already; undefined when there is nothing to compare with. */
type Baseline = readonly ReadonlySet<string>[] | undefined;

function baselineOf(running: readonly Running[]): Baseline {
  if (running.length === 0) return undefined;
  const all = running.map((one) =>
    one === "none" || one.result.state === "unknown"
      ? undefined
      : new Set(one.result.findings.flatMap(findingKeys)),
  );
  // One target with nothing to compare makes everything new for it.
  return all.includes(undefined) ? undefined : all.flatMap((one) => one ?? []);
}

interface Judging {
  readonly before: Baseline;
  readonly about: readonly Waiver[];
  readonly policy: FindingsPolicy;
  readonly now: Date;
  readonly vex: VexClaim | undefined;
}

function judge(finding: Finding, { before, about, policy, now, vex }: Judging): JudgedFinding {
  const { severity, fixable } = finding;
  const level = policy.block.includes(severity) ? "block" : policy.warn.includes(severity) ? "warn" : "pass";
  if (level === "pass") return { finding, judgement: "pass", because: "severity" };
  const valid = validOf(about, now);
  if (valid !== undefined) return { finding, judgement: "pass", because: "waived", waiver: valid };
  if (vex !== undefined) return { finding, judgement: "pass", because: "vex", vex };
  if (policy.onlyFixable && fixable === "no") return { finding, judgement: "pass", because: "no fix" };
  const isGuess = policy.onlyFixable && fixable === "unknown";
  const [expired] = about;
  if (expired !== undefined) {
    return { finding, judgement: isGuess ? "warn" : level, because: "expired waiver", waiver: expired };
  }
  const because = reasonToCount(finding, before, policy, now);
  if (because === "runs already") return { finding, judgement: "pass", because };
  return isGuess
    ? { finding, judgement: "warn", because: "fix unknown" }
    : { finding, judgement: level, because };
}

function reasonToCount(finding: Finding, before: Baseline, policy: FindingsPolicy, now: Date): Because {
  if (!policy.onlyNew) return "any";
  if (before === undefined) return "nothing to compare";
  const keys = findingKeys(finding);
  if (!before.every((known) => keys.some((key) => known.has(key)))) return "new";
  return isOverdue(finding, policy, now) ? "overdue" : "runs already";
}

/** Whether the time for a finding that runs already is over. */
function isOverdue({ since }: Finding, { dueDate, dueDays }: FindingsPolicy, now: Date): boolean {
  if (dueDate !== undefined && daysLeft(dueDate, now) <= 0) return true;
  if (dueDays === undefined || since === undefined) return false;
  return -daysLeft(since.slice(0, 10), now) >= dueDays;
}

function validOf(waivers: readonly Waiver[], now: Date): Waiver | undefined {
  return waivers.find((waiver) => waiverState(waiver, now) !== "expired");
}
