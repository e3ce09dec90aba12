import { describe, expect, test } from "vitest";
import type { Finding } from "../../../runner/findings/finding.ts";
import { readVex } from "../../../runner/findings/vex/read.ts";
import { vexClaim } from "../../../runner/gates/vex-claims.ts";
import { sha } from "../targets/fakes.ts";

const finding: Finding = {
  id: "CVE-2026-1",
  aliases: ["GHSA-1"],
  severity: "HIGH",
  package: { name: "openssl", version: "3.0.1", purl: "pkg:deb/debian/openssl@3.0.1?arch=amd64" },
  fixable: "unknown",
  source: "grype",
};
const subject = { registry: "r.example", repository: "shop/ui", digests: [sha("1"), sha("a")] };
const document = (...statements: readonly object[]) => ({
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://shop.example/vex/1",
  author: "team-shop",
  timestamp: "2026-01-01T00:00:00Z",
  version: 1,
  statements,
});
const statement = (more: object = {}) => ({
  vulnerability: { name: "CVE-2026-1" },
  status: "not_affected",
  justification: "vulnerable_code_not_in_execute_path",
  ...more,
});
const claimOf = (...statements: readonly object[]) => {
  const read = readVex(document(...statements));
  return read && vexClaim(read, subject, finding);
};

describe("a VEX statement", () => {
  test("clears a finding of the image that the document is attached to", () => {
    expect(claimOf(statement())).toMatchObject({
      status: "not_affected",
      author: "team-shop",
      because: "vulnerable_code_not_in_execute_path",
    });
    expect(claimOf(statement({ status: "fixed" }))?.status).toBe("fixed");
  });

  test.each(["affected", "under_investigation"])("clears nothing when it says %s", (status) => {
    expect(claimOf(statement({ status }))).toBeUndefined();
  });

  test("is found by an alias, in whatever case", () => {
    expect(claimOf(statement({ vulnerability: { name: "ghsa-1" } }))).toBeDefined();
    expect(claimOf(statement({ vulnerability: "CVE-2026-1" }))).toBeDefined();
    expect(claimOf(statement({ vulnerability: { name: "CVE-2026-2" } }))).toBeUndefined();
  });

  const digest = encodeURIComponent(sha("a"));
  const other = encodeURIComponent(sha("b"));
  test.each([
    ["this image by digest", `pkg:oci/ui@${digest}?repository_url=r.example/shop/ui`, true],
    [
      "this image in the address without its name",
      `pkg:oci/ui@${digest}?repository_url=r.example/shop`,
      true,
    ],
    ["any image of the repository", "pkg:oci/ui?repository_url=r.example/shop/ui", true],
    ["an image of this name anywhere", "pkg:oci/ui", true],
    ["another image", `pkg:oci/ui@${other}?repository_url=r.example/shop/ui`, false],
    ["another repository", "pkg:oci/ui?repository_url=r.example/other/ui", false],
    ["another name", `pkg:oci/orders@${digest}`, false],
    ["the package that has the finding", "pkg:deb/debian/openssl", true],
    ["another version of it", "pkg:deb/debian/openssl@3.0.0", false],
    ["another package", "pkg:deb/debian/zlib", false],
    ["something that is no package URL", "https://shop.example/ui", false],
  ])("about %s: %s", (_, id, isCleared) => {
    expect(claimOf(statement({ products: [{ "@id": id }] })) !== undefined).toBe(isCleared);
  });

  test.each([
    ["the package that has it", "pkg:deb/debian/openssl", true],
    ["another one", "pkg:deb/debian/zlib", false],
  ])("about a package of the image: %s", (_, purl, isCleared) => {
    const products = [{ "@id": "pkg:oci/ui", subcomponents: [{ "@id": purl }] }];
    expect(claimOf(statement({ products })) !== undefined).toBe(isCleared);
  });

  test("about a digest counts for that digest", () => {
    const of = (letter: string) => [{ "@id": "x", hashes: { "sha-256": letter.repeat(64) } }];
    expect(claimOf(statement({ products: of("1") }))).toBeDefined();
    expect(claimOf(statement({ products: of("9") }))).toBeUndefined();
  });

  test("that is later takes the place of an earlier one", () => {
    const early = statement({ timestamp: "2026-02-01T00:00:00Z" });
    const late = statement({ status: "affected", timestamp: "2026-03-01T00:00:00Z" });
    expect(claimOf(early, late)).toBeUndefined();
    expect(claimOf(late, { ...early, last_updated: "2026-04-01T00:00:00Z" })).toBeDefined();
  });
});

test.each([
  ["another format", { bomFormat: "CycloneDX" }],
  ["a status that there is not", document(statement({ status: "fine" }))],
  ["nothing", undefined],
])("%s is not readable as OpenVEX", (_, found) => {
  expect(readVex(found)).toBeUndefined();
});
