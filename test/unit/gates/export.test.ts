import { describe, expect, test } from "vitest";
import type { Waiver } from "../../../config/waivers.ts";
import { grypeIgnore, openVex, trivyIgnore, waiversOfAll } from "../../../runner/gates/export.ts";

const now = new Date("2026-11-28T15:00:00Z");
const waiver = (changes: Partial<Waiver> = {}): Waiver => ({
  id: "CVE-2026-1",
  reason: "not reachable",
  owner: "me",
  expires: "2026-12-31",
  ...changes,
});
const products = [
  { service: "ui", purl: "pkg:oci/ui" },
  { service: "orders", purl: "pkg:oci/orders" },
];

describe("as OpenVEX", () => {
  const statements = (...waivers: readonly Waiver[]) =>
    (openVex(waivers, products, { id: "urn:x", now }) as { statements: unknown[] }).statements;

  test("a waiver with a justification is not affected", () => {
    const found = waiver({ justification: "vulnerable_code_not_in_execute_path", purl: "pkg:npm/left" });
    expect(statements(found)).toEqual([
      {
        vulnerability: { name: "CVE-2026-1" },
        products: [
          { "@id": "pkg:oci/ui", subcomponents: [{ "@id": "pkg:npm/left" }] },
          { "@id": "pkg:oci/orders", subcomponents: [{ "@id": "pkg:npm/left" }] },
        ],
        status: "not_affected",
        justification: "vulnerable_code_not_in_execute_path",
        impact_statement: "not reachable",
      },
    ]);
  });

  test("one without is an accepted risk, of its services only", () => {
    expect(statements(waiver({ services: ["ui"] }))).toEqual([
      {
        vulnerability: { name: "CVE-2026-1" },
        products: [{ "@id": "pkg:oci/ui" }],
        status: "affected",
        action_statement: "accepted until 2026-12-31 by me: not reachable",
      },
    ]);
  });

  test("one that has expired, or is of other services, is left out", () => {
    expect(statements(waiver({ expires: "2026-11-27" }), waiver({ services: ["cart"] }))).toEqual([]);
  });
});

test("files without services hold only waivers that count for all of them", () => {
  const all = waiver();
  const one = waiver({ services: ["ui"] });
  const old = waiver({ expires: "2026-11-27" });
  expect(waiversOfAll([all, one, old], ["ui", "orders"], now)).toEqual([all]);
  expect(waiversOfAll([all, one, old], ["ui"], now)).toEqual([all, one]);
});

test("Trivy's file ends a waiver after its last day", () => {
  expect(trivyIgnore([waiver({ purl: "pkg:npm/left" })])).toEqual({
    vulnerabilities: [
      {
        id: "CVE-2026-1",
        purls: ["pkg:npm/left"],
        expired_at: "2027-01-01",
        statement: "not reachable (me)",
      },
    ],
  });
});

test.each([
  [{}, undefined],
  [{ package: "openssl" }, { name: "openssl" }],
  [{ purl: "pkg:npm/%40scope/left@1.0" }, { name: "@scope/left" }],
  [{ purl: "pkg:deb/debian/openssl@3?arch=amd64" }, { name: "openssl" }],
])("Grype's file names the package of %o: %o", (changes, named) => {
  const [rule] = (grypeIgnore([waiver(changes)]) as { ignore: unknown[] }).ignore;
  expect(rule).toEqual({
    vulnerability: "CVE-2026-1",
    "include-aliases": true,
    reason: "not reachable (me, until 2026-12-31)",
    ...(named === undefined ? {} : { package: named }),
  });
});
