import { describe, expect, test } from "vitest";
import type { Waiver } from "../../../config/waivers.ts";
import { isAbout, isAboutStatus, waiverNotices, waiverState } from "../../../runner/gates/waivers.ts";
import { finding } from "../findings/samples.ts";

const now = new Date("2026-11-28T15:00:00Z");
const waiver = (changes: Partial<Waiver> = {}): Waiver => ({
  id: "CVE-2026-1",
  reason: "not reachable",
  owner: "team@example.com",
  expires: "2026-12-31",
  ...changes,
});

test.each([
  ["2026-12-13", "valid"],
  ["2026-12-12", "ends soon"],
  ["2026-11-28", "ends soon"],
  ["2026-11-27", "expired"],
] as const)("a waiver that expires on %s is %s on 28 November", (expires, state) => {
  expect(waiverState({ expires }, now)).toBe(state);
});

describe("a waiver is about a finding", () => {
  const npm = finding("GHSA-1", {
    aliases: ["CVE-2026-1"],
    package: { name: "@scope/left", version: "1.2.3", purl: "pkg:npm/%40scope/left@1.2.3?arch=x" },
  });
  test.each([
    ["of its id", {}, finding("cve-2026-1"), true],
    ["of another id", {}, finding("CVE-2026-2"), false],
    ["by an alias", {}, npm, true],
    ["in its package", { package: "openssl" }, finding("CVE-2026-1"), true],
    ["in another package", { package: "curl" }, finding("CVE-2026-1"), false],
    ["of its service", { services: ["ui"] }, finding("CVE-2026-1"), true],
    ["of another service", { services: ["orders"] }, finding("CVE-2026-1"), false],
    ["by package URL", { purl: "pkg:npm/%40scope/left@1.2.3" }, npm, true],
    ["by package URL of any version", { purl: "pkg:npm/@scope/left" }, npm, true],
    ["by package URL of another version", { purl: "pkg:npm/@scope/left@1.2.4" }, npm, false],
    ["by package URL of another kind", { purl: "pkg:pypi/@scope/left" }, npm, false],
    [
      "by package URL where the source has names only",
      { purl: "pkg:deb/debian/openssl@3.0.1" },
      finding("CVE-2026-1"),
      true,
    ],
    [
      "by package URL of a version that runs no more",
      { purl: "pkg:deb/debian/openssl@3.0.0" },
      finding("CVE-2026-1"),
      false,
    ],
  ] as const)("%s: %o", (_, changes, of, expected) => {
    expect(isAbout(waiver(changes as Partial<Waiver>), "ui", of)).toBe(expected);
  });
});

test("a waiver of a status is about an image that cannot be scanned, and about no package", () => {
  expect(isAboutStatus(waiver({ id: "UNSUPPORTED_IMAGE" }), "ui", "UNSUPPORTED_IMAGE")).toBe(true);
  expect(isAboutStatus(waiver({ id: "UNSUPPORTED_IMAGE", package: "x" }), "ui", "UNSUPPORTED_IMAGE")).toBe(
    false,
  );
  expect(isAboutStatus(waiver({ id: "UNSUPPORTED_IMAGE" }), "ui", "FAILED")).toBe(false);
});

test("people hear of waivers that end soon, have ended, or are not used, with the owner and the day", () => {
  const soon = waiver({ id: "CVE-2026-10", expires: "2026-12-01" });
  const over = waiver({ id: "CVE-2026-11", expires: "2026-11-27" });
  const fine = waiver({ id: "CVE-2026-12" });
  const unused = waiver({ id: "CVE-2026-13" });
  const all = [soon, over, fine, unused];
  expect(waiverNotices(all, new Set([soon, over, fine]), now)).toEqual([
    "waivers.yaml: the waiver of CVE-2026-10 expires in 3 days, on 2026-12-01 (owner: team@example.com)",
    "waivers.yaml: the waiver of CVE-2026-11 expired on 2026-11-27 (owner: team@example.com)",
    "waivers.yaml: the waiver of CVE-2026-13 is not used: no image of this run has this finding (owner: team@example.com, expires 2026-12-31)",
  ]);
});
