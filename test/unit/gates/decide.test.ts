import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FindingsPolicy, findingsPolicy, gatesSchema, severities } from "../../../config/stack/gates.ts";
import type { Waiver } from "../../../config/waivers.ts";
import type { Finding, ScanResult } from "../../../runner/findings/finding.ts";
import { decideFindings, type Running } from "../../../runner/gates/decide.ts";
import { findingsGate } from "../../../runner/gates/phrase.ts";
import { finding, scanned } from "../findings/samples.ts";

const now = new Date("2026-11-28T15:00:00Z");
const policy = (preset: "warn" | "block", changes: Partial<FindingsPolicy> = {}): FindingsPolicy => {
  const found = findingsPolicy(gatesSchema.parse({ preset }));
  if (found === undefined) throw new Error("the gate is on by default");
  return { ...found, ...changes };
};
const unknown: ScanResult = { state: "unknown", status: "UNSUPPORTED_IMAGE", reason: "ECR cannot scan it" };
const runs = (result: ScanResult): Running => ({ digest: "sha256:old", result });
const waiver = (changes: Partial<Waiver> = {}): Waiver => ({
  id: "CVE-1",
  reason: "not reachable",
  owner: "me",
  expires: "2026-12-31",
  ...changes,
});

function decide(
  result: ScanResult,
  running: readonly Running[],
  asked: FindingsPolicy,
  waivers: readonly Waiver[] = [],
) {
  const scans = [{ platform: "linux/amd64", digest: "sha256:new", result }];
  const question = { service: "ui", scans, running: { "linux/amd64": running } };
  return decideFindings(question, asked, waivers, now);
}

const one = scanned([finding("CVE-1")]);
const same = runs(
  scanned([finding("GHSA-1", { aliases: ["CVE-1"], package: { name: "openssl", version: "3.0.0" } })]),
);
const clean = runs(scanned([]));
const block = policy("block");

/** The decision table: new image × what runs × settings × waivers → verdict, and why. */
describe("the gate of findings", () => {
  test.each([
    ["nothing found, whatever runs", scanned([]), [same], block, [], "pass", undefined],
    ["new finding, preset block", one, [clean], block, [], "block", "new"],
    ["new finding, preset warn", one, [clean], policy("warn"), [], "warn", "new"],
    [
      "new MEDIUM, preset block",
      scanned([finding("CVE-1", { severity: "MEDIUM" })]),
      [clean],
      block,
      [],
      "warn",
      "new",
    ],
    [
      "new LOW, preset block",
      scanned([finding("CVE-1", { severity: "LOW" })]),
      [clean],
      block,
      [],
      "pass",
      "severity",
    ],
    ["runs already, under another id and version", one, [same], block, [], "pass", "runs already"],
    [
      "runs already in another package",
      scanned([finding("CVE-1", { package: { name: "curl" } })]),
      [same],
      block,
      [],
      "block",
      "new",
    ],
    ["runs already, but not on every target", one, [same, clean], block, [], "block", "new"],
    ["runs already, everything counts", one, [same], policy("block", { onlyNew: false }), [], "block", "any"],
    [
      "runs already, due tomorrow",
      one,
      [same],
      policy("block", { dueDate: "2026-11-29" }),
      [],
      "pass",
      "runs already",
    ],
    [
      "runs already, due today",
      one,
      [same],
      policy("block", { dueDate: "2026-11-28" }),
      [],
      "block",
      "overdue",
    ],
    [
      "runs already, seen 27 of 28 days ago",
      scanned([finding("CVE-1", { since: "2026-11-01T00:00:00Z" })]),
      [same],
      policy("block", { dueDays: 28 }),
      [],
      "pass",
      "runs already",
    ],
    [
      "runs already, seen 27 of 27 days ago",
      scanned([finding("CVE-1", { since: "2026-11-01T00:00:00Z" })]),
      [same],
      policy("block", { dueDays: 27 }),
      [],
      "block",
      "overdue",
    ],
    [
      "runs already, of an unknown age",
      one,
      [same],
      policy("block", { dueDays: 1 }),
      [],
      "pass",
      "runs already",
    ],
    ["nothing runs", one, ["none"], block, [], "block", "nothing to compare"],
    ["a new platform", one, [], block, [], "block", "nothing to compare"],
    ["what runs has no result", one, [runs(unknown)], block, [], "block", "nothing to compare"],
    [
      "no fix, only fixable",
      scanned([finding("CVE-1", { fixable: "no" })]),
      [clean],
      policy("block", { onlyFixable: true }),
      [],
      "pass",
      "no fix",
    ],
    [
      "fix unknown, only fixable",
      scanned([finding("CVE-1", { fixable: "unknown" })]),
      [clean],
      policy("block", { onlyFixable: true }),
      [],
      "warn",
      "fix unknown",
    ],
    ["has a fix, only fixable", one, [clean], policy("block", { onlyFixable: true }), [], "block", "new"],
    ["waived", one, [clean], block, [waiver()], "pass", "waived"],
    [
      "waived until yesterday",
      one,
      [clean],
      block,
      [waiver({ expires: "2026-11-27" })],
      "block",
      "expired waiver",
    ],
    [
      "waived until yesterday, and it runs",
      one,
      [same],
      block,
      [waiver({ expires: "2026-11-27" })],
      "block",
      "expired waiver",
    ],
    [
      "waived until yesterday, and again",
      one,
      [clean],
      block,
      [waiver({ expires: "2026-11-27" }), waiver()],
      "pass",
      "waived",
    ],
    ["waived for another service", one, [clean], block, [waiver({ services: ["orders"] })], "block", "new"],
  ] as const)("%s", (_, result, running, asked, waivers, verdict, because) => {
    const decided = decide(result, running as readonly Running[], asked, waivers as readonly Waiver[]);
    expect([decided.verdict, decided.platforms[0]?.findings[0]?.because]).toEqual([verdict, because]);
  });

  test.each([
    ["preset warn", policy("warn"), [], "warn", "undecided"],
    ["preset block", block, [], "block", "failed"],
    ["unknown: warn", policy("block", { unknown: "warn" }), [], "warn", "undecided"],
    ["a waiver of the status", block, [waiver({ id: "UNSUPPORTED_IMAGE" })], "pass", "passed"],
    [
      "a waiver of the status that expired",
      block,
      [waiver({ id: "UNSUPPORTED_IMAGE", expires: "2026-11-27" })],
      "block",
      "failed",
    ],
  ] as const)("without a result is never clean: %s", (_, asked, waivers, verdict, gate) => {
    const decided = decide(unknown, [clean], asked, waivers as readonly Waiver[]);
    expect([decided.verdict, findingsGate(decided).verdict]).toEqual([verdict, gate]);
  });

  test("is the worst of its platforms, one clean and the other not", () => {
    const scans = [
      { platform: "linux/amd64", digest: "sha256:1", result: scanned([]) },
      { platform: "linux/arm64", digest: "sha256:2", result: one },
    ];
    const running = { "linux/amd64": [clean], "linux/arm64": [clean] };
    const decided = decideFindings({ service: "ui", scans, running }, block, [], now);
    expect(decided.platforms.map(({ verdict }) => verdict)).toEqual(["pass", "block"]);
    expect(findingsGate(decided)).toEqual({
      gate: "findings",
      verdict: "failed",
      message:
        "linux/amd64: no findings; linux/arm64: 1 HIGH block: CVE-1 in openssl 3.0.1, fixed in 3.0.2 (new)",
    });
  });

  test("compares each platform with what runs on that platform", () => {
    const scans = [
      { platform: "linux/amd64", digest: "sha256:1", result: one },
      { platform: "linux/arm64", digest: "sha256:2", result: one },
    ];
    const running = { "linux/amd64": [same], "linux/arm64": [clean] };
    const decided = decideFindings({ service: "ui", scans, running }, block, [], now);
    expect(decided.platforms.map(({ verdict }) => verdict)).toEqual(["pass", "block"]);
  });
});

describe("for any findings", () => {
  const anyFinding: fc.Arbitrary<Finding> = fc
    .record({
      id: fc.constantFrom("CVE-1", "CVE-2", "CVE-3"),
      severity: fc.constantFrom(...severities),
      fixable: fc.constantFrom("yes", "no", "unknown"),
      name: fc.constantFrom("openssl", "curl"),
    })
    .map(({ name, ...rest }) => finding(rest.id, { ...rest, package: { name } } as Partial<Finding>));
  const anyResult = fc.oneof(
    fc.constant(unknown),
    fc.array(anyFinding, { maxLength: 5 }).map((all): ScanResult => scanned(all)),
  );
  const anyRunning = fc.array(fc.oneof(fc.constant("none" as const), anyResult.map(runs)), { maxLength: 3 });
  const anyPolicy = fc.record({
    preset: fc.constantFrom("warn" as const, "block" as const),
    onlyNew: fc.boolean(),
    onlyFixable: fc.boolean(),
  });
  const rank = { pass: 0, warn: 1, block: 2 };

  test("a waiver never makes a verdict worse, and preset warn never blocks", () => {
    fc.assert(
      fc.property(anyResult, anyRunning, anyPolicy, (result, running, { preset, ...rest }) => {
        const asked = policy(preset, rest);
        const without = decide(result, running, asked);
        const waived = decide(result, running, asked, [waiver(), waiver({ id: "UNSUPPORTED_IMAGE" })]);
        expect(rank[waived.verdict]).toBeLessThanOrEqual(rank[without.verdict]);
        if (preset === "warn") expect(without.verdict).not.toBe("block");
      }),
    );
  });

  test("moving to what runs already is never refused because of findings", () => {
    fc.assert(
      fc.property(fc.array(anyFinding), (all) => {
        const result = scanned(all);
        expect(decide(result, [runs(result)], block).verdict).toBe("pass");
      }),
    );
  });

  test("comparing with what runs never makes a verdict worse", () => {
    fc.assert(
      fc.property(anyResult, anyRunning, (result, running) => {
        const compared = decide(result, running, block);
        const whole = decide(result, running, policy("block", { onlyNew: false }));
        expect(rank[compared.verdict]).toBeLessThanOrEqual(rank[whole.verdict]);
      }),
    );
  });
});
