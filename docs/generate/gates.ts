import { type FindingsPolicy, findingsPolicy, gatesSchema } from "../../config/stack/gates.ts";
import type { Waiver } from "../../config/waivers.ts";
import type { Finding, ScanResult } from "../../runner/findings/finding.ts";
import { decideFindings, type FindingsVerdict, type Running } from "../../runner/gates/decide.ts";
import { findingsMessage } from "../../runner/gates/phrase.ts";
import { between, type GeneratedFile } from "./page.ts";

/** The gate's decisions: each row is what `decideFindings` says of the case. */
export const gatesTable: GeneratedFile = {
  path: "docs/reference/gates.md",
  render: (current) => between(current, "decisions", [...head, ...decisions.map(row)].join("\n")),
};

/** One case: a finding of the image that a target is to be moved to, and what decides about it. */
export interface Decision {
  /** What the image has, in words. */
  readonly image: string;
  readonly result: ScanResult;
  readonly runs: keyof typeof running;
  /** `slipway:gates`, as a stack's file has it. */
  readonly gates: object;
  readonly waiver?: keyof typeof waivers;
  /** Whether a VEX document of the image says that the finding does not affect it. */
  readonly vex?: true;
}

/** The day on which the table's cases are decided. */
const now = new Date("2026-07-15T12:00:00Z");

const finding = (changes: Partial<Finding> = {}): Finding => ({
  id: "CVE-2026-1",
  aliases: [],
  severity: "HIGH",
  package: { name: "openssl", version: "3.0.1" },
  fixable: "yes",
  source: "ecr-enhanced",
  ...changes,
});
const scanned = (...findings: readonly Finding[]): ScanResult => ({
  state: "scanned",
  source: "ecr-enhanced",
  findings,
  suppressed: 0,
  continuous: true,
});
const unknown: ScanResult = {
  state: "unknown",
  status: "UNSUPPORTED_IMAGE",
  reason: "ECR cannot scan this image",
};

const runs = (result: ScanResult): Running => ({ digest: "sha256:old", result });
const running = {
  "an image without it": [runs(scanned())],
  "an image with it": [runs(scanned(finding()))],
  "with it on one target, without it on another": [runs(scanned(finding())), runs(scanned())],
  "nothing, or an image of another repository": ["none"],
  "an image without a scan result": [runs(unknown)],
  anything: [runs(scanned(finding()))],
} as const satisfies Record<string, readonly Running[]>;

const waiver = (changes: Partial<Waiver>): Waiver => ({
  id: "CVE-2026-1",
  reason: "not reachable",
  owner: "team-shop",
  expires: "2026-12-31",
  ...changes,
});
const waivers = {
  "until a later day": waiver({}),
  "ends today": waiver({ expires: "2026-07-15" }),
  "ended yesterday": waiver({ expires: "2026-07-14" }),
  "of another package": waiver({ package: "zlib" }),
  "of another service": waiver({ services: ["cart"] }),
  "of `UNSUPPORTED_IMAGE`": waiver({ id: "UNSUPPORTED_IMAGE" }),
} as const satisfies Record<string, Waiver>;

const block = { preset: "block" };
const warn = { preset: "warn" };
const blockWith = (findings: object) => ({ ...block, findings });
const high = { image: "HIGH", result: scanned(finding()) };
const old = { image: "HIGH, known for 40 days", result: scanned(finding({ since: "2026-06-05T00:00:00Z" })) };
const withoutFix = { image: "HIGH, without a fix", result: scanned(finding({ fixable: "no" })) };
const unsureFix = { image: "HIGH of a basic scan", result: scanned(finding({ fixable: "unknown" })) };
const noResult = { image: "no scan result", result: unknown };
const rated = (severity: "MEDIUM" | "LOW") => ({ image: severity, result: scanned(finding({ severity })) });

export const decisions: readonly Decision[] = [
  { image: "no finding", result: scanned(), runs: "anything", gates: block },
  { ...high, runs: "an image without it", gates: block },
  { ...high, runs: "an image without it", gates: warn },
  { ...rated("MEDIUM"), runs: "an image without it", gates: block },
  { ...rated("LOW"), runs: "an image without it", gates: block },
  { ...high, runs: "an image with it", gates: block },
  { ...high, runs: "with it on one target, without it on another", gates: block },
  { ...high, runs: "nothing, or an image of another repository", gates: block },
  { ...high, runs: "an image without a scan result", gates: block },
  { ...high, runs: "an image with it", gates: blockWith({ onlyNew: false }) },
  { ...high, runs: "an image with it", gates: blockWith({ dueDate: "2026-07-16" }) },
  { ...high, runs: "an image with it", gates: blockWith({ dueDate: "2026-07-15" }) },
  { ...old, runs: "an image with it", gates: blockWith({ dueDays: 30 }) },
  { ...high, runs: "an image with it", gates: blockWith({ dueDays: 30 }) },
  { ...withoutFix, runs: "an image without it", gates: blockWith({ onlyFixable: true }) },
  { ...unsureFix, runs: "an image without it", gates: blockWith({ onlyFixable: true }) },
  { ...high, runs: "an image without it", gates: block, waiver: "until a later day" },
  { ...high, runs: "an image without it", gates: block, waiver: "ends today" },
  { ...high, runs: "an image without it", gates: block, waiver: "ended yesterday" },
  { ...high, runs: "an image with it", gates: block, waiver: "ended yesterday" },
  { ...high, runs: "an image without it", gates: block, waiver: "of another package" },
  { ...high, runs: "an image without it", gates: block, waiver: "of another service" },
  { ...high, runs: "an image without it", gates: block, vex: true },
  { ...noResult, runs: "anything", gates: block },
  { ...noResult, runs: "anything", gates: warn },
  { ...noResult, runs: "anything", gates: blockWith({ unknown: "warn" }) },
  { ...noResult, runs: "anything", gates: block, waiver: "of `UNSUPPORTED_IMAGE`" },
];

const head = [
  "| finding | targets run now | settings | waiver, VEX | verdict | what the gate says |",
  "| --- | --- | --- | --- | --- | --- |",
];

/** What the gate decides in a case. */
export function decide({ result, runs, gates, waiver, vex }: Decision): FindingsVerdict {
  const platform = "linux/amd64";
  const question = {
    service: "ui",
    scans: [{ platform, digest: "sha256:new", result }],
    running: { [platform]: running[runs] },
    ...(vex === undefined ? {} : { vex: () => claim }),
  };
  return decideFindings(question, policyOf(gates), waiver === undefined ? [] : [waivers[waiver]], now);
}

const claim = {
  ids: ["CVE-2026-1"],
  status: "not_affected",
  products: [],
  author: "team-shop",
  because: "not reachable",
  at: "2026-07-01T00:00:00Z",
} as const;

function policyOf(gates: object): FindingsPolicy {
  const policy = findingsPolicy(gatesSchema.parse(gates));
  if (policy === undefined) throw new Error("the gate is on by default");
  return policy;
}

const verdicts = { block: "**refuses**", warn: "warns", pass: "passes" } as const;

function row(decision: Decision): string {
  const { image, runs, gates, waiver, vex } = decision;
  const decided = decide(decision);
  const said = findingsMessage(decided).replace("linux/amd64: ", "");
  const accepted =
    waiver === undefined ? (vex === undefined ? "" : "VEX: `not_affected`") : `waiver ${waiver}`;
  return `| ${[image, runs, `\`${settingsText(gates)}\``, accepted, verdicts[decided.verdict], said].join(" | ")} |`;
}

/** `preset: block, findings: { onlyNew: false }` */
function settingsText(gates: object): string {
  return Object.entries(gates)
    .map(([key, value]) =>
      typeof value === "object" ? `${key}: { ${settingsText(value)} }` : `${key}: ${value}`,
    )
    .join(", ");
}
