import { type FindingSeverity, severities } from "../../config/stack/gates.ts";
import type { Gate } from "../targets/gate.ts";
import type { Because, FindingsVerdict, JudgedFinding, PlatformVerdict } from "./decide.ts";

/** Findings that a message names; the others are counted. */
const mostNamed = 5;

/** The verdict as the gate of a release record. */
export function findingsGate(verdict: FindingsVerdict): Gate {
  const message = findingsMessage(verdict);
  const isUnknown = verdict.platforms.some(
    ({ unknown, verdict }) => unknown !== undefined && verdict !== "pass",
  );
  switch (verdict.verdict) {
    case "block":
      return { gate: "findings", verdict: "failed", message };
    case "warn":
      return { gate: "findings", verdict: isUnknown ? "undecided" : "passed", message };
    case "pass":
      return { gate: "findings", verdict: "passed", message };
  }
}

/** What the gate found, one line: `linux/amd64: 1 CRITICAL and 2 HIGH block: CVE-… in openssl 3.0.1 (new)`. */
export function findingsMessage({ platforms }: FindingsVerdict): string {
  const texts = platforms.map((one) => ({ platform: one.platform, text: platformText(one) }));
  // Platforms are mostly alike, and are then told of once.
  return [...Map.groupBy(texts, ({ text }) => text)]
    .map(([text, some]) => `${some.map(({ platform }) => platform).join(", ")}: ${text}`)
    .join("; ");
}

function platformText({ unknown, verdict, findings }: PlatformVerdict): string {
  if (unknown !== undefined) {
    const { status, reason, waiver } = unknown;
    return waiver === undefined
      ? `unknown: ${reason}`
      : `unknown (${status}), waived until ${waiver.expires} by ${waiver.owner}: ${waiver.reason}`;
  }
  const of = (judgement: JudgedFinding["judgement"]) =>
    findings.filter((finding) => finding.judgement === judgement);
  const blocking = of("block");
  const warning = of("warn");
  const passed = passedText(of("pass"));
  const parts = [
    ...(blocking.length === 0 ? [] : [`${countText(blocking)} block: ${namesText(blocking)}`]),
    ...(warning.length === 0
      ? []
      : [`${countText(warning)} to look at${verdict === "warn" ? `: ${namesText(warning)}` : ""}`]),
    ...(passed === "" ? [] : [passed]),
  ];
  if (parts.length > 0) return parts.join("; ");
  return findings.length === 0 ? "no findings" : `${findings.length} of severities that are not asked for`;
}

/** `1 CRITICAL and 2 HIGH` */
export function countText(findings: readonly JudgedFinding[]): string {
  const bySeverity = Map.groupBy(findings, ({ finding }): FindingSeverity => finding.severity);
  const counts = severities.flatMap((severity) => {
    const some = bySeverity.get(severity);
    return some === undefined ? [] : [`${some.length} ${severity}`];
  });
  return counts.length < 2 ? counts.join("") : `${counts.slice(0, -1).join(", ")} and ${counts.at(-1)}`;
}

/** `CVE-2026-1 in openssl 3.0.1, fixed in 3.0.2 (new, base image), …` */
function namesText(findings: readonly JudgedFinding[]): string {
  const sorted = findings.toSorted(
    (one, other) => severities.indexOf(one.finding.severity) - severities.indexOf(other.finding.severity),
  );
  const named = sorted.slice(0, mostNamed).map(nameText);
  const more = sorted.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function nameText({ finding, because, waiver, origin }: JudgedFinding): string {
  const { id, package: found, fixedIn } = finding;
  const version = found.version === undefined ? "" : ` ${found.version}`;
  const fix = fixedIn === undefined ? "" : `, fixed in ${fixedIn}`;
  const whose = origin === undefined ? "" : `, ${origin}`;
  return `${id} in ${found.name}${version}${fix} (${becauseText(because, waiver?.expires)}${whose})`;
}

/** Why a finding counts or not, in words. */
export function becauseText(because: Because, expires = ""): string {
  switch (because) {
    case "new":
      return "new";
    case "nothing to compare":
      return "nothing to compare with";
    case "any":
      return "not waived";
    case "overdue":
      return "runs already, and is overdue";
    case "expired waiver":
      return `waiver expired on ${expires}`;
    case "runs already":
      return "runs already";
    case "no fix":
      return "no fix";
    case "fix unknown":
      return "not known whether there is a fix";
    case "waived":
      return `waived until ${expires}`;
    case "vex":
      return "a VEX document clears it";
    case "severity":
      return "severity is not asked for";
  }
}

/** `3 run already, 1 waived until 2026-12-31`; findings of other severities are not mentioned. */
function passedText(findings: readonly JudgedFinding[]): string {
  const texts = findings.flatMap(({ because, waiver }) =>
    because === "severity" || because === "vex" ? [] : [becauseText(because, waiver?.expires)],
  );
  const counted = [...Map.groupBy(texts, (text) => text)].map(
    ([text, { length }]) => `${length} ${afterCount(text, length)}`,
  );
  return [...counted, ...new Set(findings.flatMap(vexText))].join(", ");
}

/** Why findings pass, after their number: `1 runs already`, `2 run already`, `1 without a fix`. */
function afterCount(text: string, count: number): string {
  if (text === becauseText("no fix")) return "without a fix";
  return count === 1 ? text : text.replace("runs already", "run already");
}

/** `CVE-2026-1 not affected (VEX of team-shop: not reachable)`: whoever suppresses a finding is named. */
function vexText({ finding, vex }: JudgedFinding): string[] {
  if (vex === undefined) return [];
  return [`${finding.id} ${vex.status.replace("_", " ")} (VEX of ${vex.author}: ${vex.because})`];
}
