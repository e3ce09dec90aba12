import { describe, expect, test } from "vitest";
import type { Waiver } from "../../../../config/waivers.ts";
import type { ScanDocument } from "../../../../runner/commands/scan/document.ts";
import { outcomeOfScan, reportImage } from "../../../../runner/commands/scan/report.ts";
import { originLines, showScan } from "../../../../runner/commands/scan/show.ts";
import type { ScanResult } from "../../../../runner/findings/finding.ts";
import type { PlatformOrigins } from "../../../../runner/findings/origin/assign.ts";
import { coloursFor } from "../../../../runner/report/colours.ts";
import { finding, scanned } from "../../findings/samples.ts";
import { image, sha } from "../../targets/fakes.ts";

const now = new Date("2026-11-28T15:00:00Z");
const waiver: Waiver = { id: "CVE-1", reason: "not reachable", owner: "me", expires: "2026-12-31" };
const unknown: ScanResult = {
  state: "unknown",
  status: "TIMED_OUT",
  reason: "no scan was complete after 60 s",
};
const low = finding("CVE-2", { severity: "LOW", fixable: "no" });
const { fixedIn: _, ...withoutFix } = low;

function report(results: readonly ScanResult[], waivers: readonly Waiver[] = []) {
  const scans = results.map((result, index) => ({ platform: `linux/${index}`, digest: sha("a"), result }));
  const about = { ...image, dockerfile: "ui/Dockerfile", origins: new Map<string, PlatformOrigins>() };
  return reportImage(about, scans, waivers, now);
}

describe("the outcome of a scan", () => {
  test.each([
    ["nothing found", [scanned([])], [], undefined, "clean"],
    ["a finding", [scanned([low])], [], undefined, "findings"],
    ["a waived finding only", [scanned([finding("CVE-1")])], [waiver], undefined, "clean"],
    [
      "one whose waiver has expired",
      [scanned([finding("CVE-1")])],
      [{ ...waiver, expires: "2026-11-27" }],
      undefined,
      "findings",
    ],
    ["a platform without a result", [scanned([]), unknown], [], undefined, "unknown"],
    ["a finding of the severity to fail on", [scanned([finding("CVE-1")])], [], "HIGH", "refused"],
    ["a worse one", [scanned([finding("CVE-1", { severity: "CRITICAL" })])], [], "HIGH", "refused"],
    ["a lesser one", [scanned([low])], [], "HIGH", "findings"],
    ["no result, where something is to fail", [unknown], [], "CRITICAL", "refused"],
  ] as const)("with %s", (_, results, waivers, failOn, outcome) => {
    const { image } = report(results, waivers);
    expect(outcomeOfScan([image], failOn)).toBe(outcome);
  });
});

test("a scan shows each platform with its source, the worst finding first, and what is waived", () => {
  const all = [withoutFix, finding("CVE-1"), finding("CVE-3", { severity: "CRITICAL" })];
  const { image, used } = report([scanned(all, { suppressed: 2 }), unknown], [waiver]);
  expect([...used]).toEqual([waiver]);
  const document: ScanDocument = {
    version: 1,
    kind: "scan",
    stack: "prod",
    account: "111122223333",
    region: "eu-west-1",
    outcome: "unknown",
    images: [image],
    withoutImage: [{ service: "orders", reason: "it has no successful release" }],
    notices: [],
  };
  const text = showScan(document, coloursFor(process.stdout, { NO_COLOR: "1" }));
  expect(text.split("\n").map((line) => line.trimEnd())).toEqual([
    "Stack prod (account 111122223333, eu-west-1)",
    "",
    "ui shop/ui@sha256:111111111111",
    "  linux/0  1 CRITICAL, 1 HIGH, 1 LOW (1 waived) (ecr-enhanced, scanned 2026-11-20, 2 suppressed there)",
    "    CRITICAL  CVE-3  openssl 3.0.1  fixed in 3.0.2",
    "    HIGH      CVE-1  openssl 3.0.1  fixed in 3.0.2  waived until 2026-12-31 by me",
    "    LOW       CVE-2  openssl 3.0.1  no fix",
    "    whose: 3 not known",
    "  linux/1  unknown: no scan was complete after 60 s",
    "",
    "orders: nothing to scan: it has no successful release",
    "An image has no scan result: it is unknown, not clean.",
  ]);
});

test("a basic scan says why it is not known whose a finding is, where the base image is known", () => {
  const { image } = report([scanned([finding("CVE-1")], { source: "ecr-basic" })]);
  const [platform] = image.platforms;
  if (platform === undefined) throw new Error("no platform");
  const base = { reference: "node:24", digest: sha("b") };
  expect(originLines({ ...platform, base })).toEqual([
    "whose: 1 not known (base image node:24): a basic scan names no layer",
  ]);
});
