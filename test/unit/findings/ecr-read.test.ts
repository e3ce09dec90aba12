import { describe, expect, test } from "vitest";
import { readScan, type ScanPages } from "../../../runner/findings/ecr/read.ts";
import { unlessStale } from "../../../runner/findings/finding.ts";
import { scanned } from "./samples.ts";

const completed = new Date("2026-11-20T10:00:00Z");
const page = (
  status: string,
  findings: NonNullable<ScanPages[number]["imageScanFindings"]>,
  description?: string,
) => ({ imageScanStatus: { status, description }, imageScanFindings: findings }) as ScanPages[number];

describe("a scan of ECR", () => {
  test.each([
    ["IN_PROGRESS", undefined, "waiting", "IN_PROGRESS"],
    ["PENDING", undefined, "waiting", "PENDING"],
    ["FAILED", "The scan failed.", "unknown", "FAILED"],
    [
      "FAILED",
      "UnsupportedImageError: The operating system 'alpine' is not supported.",
      "unknown",
      "UNSUPPORTED_IMAGE",
    ],
    ["UNSUPPORTED_IMAGE", undefined, "unknown", "UNSUPPORTED_IMAGE"],
    ["SCAN_ELIGIBILITY_EXPIRED", undefined, "unknown", "SCAN_ELIGIBILITY_EXPIRED"],
    ["FINDINGS_UNAVAILABLE", undefined, "unknown", "FINDINGS_UNAVAILABLE"],
    ["LIMIT_EXCEEDED", undefined, "unknown", "LIMIT_EXCEEDED"],
    ["IMAGE_ARCHIVED", undefined, "unknown", "IMAGE_ARCHIVED"],
    ["SOMETHING_NEW", undefined, "unknown", "SOMETHING_NEW"],
    // Inspector's reasons, which come as a description or as a status that the SDK does not know yet.
    ["FINDINGS_UNAVAILABLE", "IMAGE_SIZE_EXCEEDED", "unknown", "FINDINGS_UNAVAILABLE"],
    ["IMAGE_SIZE_EXCEEDED", undefined, "unknown", "IMAGE_SIZE_EXCEEDED"],
  ])("with status %s (%s) is %s, %s", (status, description, state, named) => {
    // Whatever lists come with it: they are empty, and no result.
    const read = readScan([page(status, { findings: [], enhancedFindings: [] }, description)]);
    expect(read).toMatchObject({ state, status: named });
    if (description !== undefined)
      expect(read).toMatchObject({ reason: expect.stringContaining(description) });
  });

  test("without a status, or complete without any list, is unknown", () => {
    expect(readScan([])).toMatchObject({ state: "unknown" });
    expect(readScan([{ imageScanStatus: { status: "COMPLETE" } }])).toMatchObject({ state: "unknown" });
  });

  test("that counts findings and lists none is unknown", () => {
    const read = readScan([page("ACTIVE", { findings: [], findingSeverityCounts: { HIGH: 2 } })]);
    expect(read).toMatchObject({ state: "unknown", status: "FINDINGS_UNAVAILABLE" });
  });

  test("that is basic has package, version, score and link, and says nothing of fixes", () => {
    const read = readScan([
      page("COMPLETE", {
        imageScanCompletedAt: completed,
        findings: [
          {
            name: "CVE-2026-1",
            severity: "CRITICAL",
            uri: "https://security-tracker.debian.org/tracker/CVE-2026-1",
            attributes: [
              { key: "package_version", value: "3.0.1-1" },
              { key: "package_name", value: "openssl" },
              { key: "CVSS2_SCORE", value: "7.5" },
            ],
          },
        ],
      }),
      page("COMPLETE", { findings: [{ name: "CVE-2026-2", severity: "UNDEFINED" }] }),
    ]);
    expect(read).toEqual({
      state: "scanned",
      source: "ecr-basic",
      suppressed: 0,
      scannedAt: "2026-11-20T10:00:00.000Z",
      continuous: false,
      findings: [
        {
          id: "CVE-2026-1",
          aliases: [],
          severity: "CRITICAL",
          score: 7.5,
          package: { name: "openssl", version: "3.0.1-1" },
          fixable: "unknown",
          source: "ecr-basic",
          link: "https://security-tracker.debian.org/tracker/CVE-2026-1",
        },
        expect.objectContaining({ id: "CVE-2026-2", severity: "UNDEFINED", package: { name: "unknown" } }),
      ],
    });
  });

  const enhanced = {
    severity: "HIGH",
    score: 8.1,
    status: "ACTIVE",
    firstObservedAt: new Date("2026-11-01T00:00:00Z"),
    fixAvailable: "PARTIAL",
    packageVulnerabilityDetails: {
      vulnerabilityId: "CVE-2026-3",
      relatedVulnerabilities: ["GHSA-aaaa-bbbb-cccc"],
      sourceUrl: "https://nvd.nist.gov/vuln/detail/CVE-2026-3",
      vulnerablePackages: [
        {
          name: "openssl",
          epoch: 1,
          version: "3.0.1",
          release: "1.el9",
          fixedInVersion: "1:3.0.2-1.el9",
          sourceLayerHash: `sha256:${"a".repeat(64)}`,
        },
        { name: "libssl", version: "3.0.1", fixedInVersion: "NotAvailable" },
      ],
    },
  };

  test.each(["ACTIVE", "COMPLETE"])(
    "that is enhanced is read under status %s, a finding for each package",
    (status) => {
      const read = readScan([
        page(status, { findings: [], enhancedFindings: [enhanced] }),
        page(status, { findings: [], enhancedFindings: [{ ...enhanced, status: "SUPPRESSED" }] }),
        page(status, { findings: [], enhancedFindings: [{ ...enhanced, status: "CLOSED" }] }),
      ]);
      expect(read).toMatchObject({
        state: "scanned",
        source: "ecr-enhanced",
        suppressed: 1,
        continuous: status === "ACTIVE",
        findings: [
          {
            id: "CVE-2026-3",
            aliases: ["GHSA-aaaa-bbbb-cccc"],
            severity: "HIGH",
            score: 8.1,
            package: { name: "openssl", version: "1:3.0.1-1.el9" },
            fixedIn: "1:3.0.2-1.el9",
            fixable: "yes",
            layer: `sha256:${"a".repeat(64)}`,
            link: "https://nvd.nist.gov/vuln/detail/CVE-2026-3",
            since: "2026-11-01T00:00:00.000Z",
          },
          { package: { name: "libssl", version: "3.0.1" }, fixable: "no" },
        ],
      });
      expect("findings" in read ? read.findings : []).toHaveLength(2);
    },
  );

  test("that is enhanced and empty is clean only with status ACTIVE, as an enhanced scan", () => {
    const read = readScan([
      page("ACTIVE", { findings: [], enhancedFindings: [], findingSeverityCounts: {} }),
    ]);
    expect(read).toMatchObject({ state: "scanned", source: "ecr-enhanced", findings: [], continuous: true });
  });

  test("whose severity nobody knows is undefined, and not left out", () => {
    const read = readScan([page("ACTIVE", { enhancedFindings: [{ ...enhanced, severity: "UNTRIAGED" }] })]);
    expect(read).toMatchObject({ findings: [{ severity: "UNDEFINED" }, { severity: "UNDEFINED" }] });
  });
});

describe("a result", () => {
  const now = new Date("2026-11-28T10:00:00Z");

  test.each([
    ["within the limit counts", { continuous: false }, 8, "scanned"],
    ["over the limit is unknown", { continuous: false }, 7, "unknown"],
    ["that is kept up to date does not age", { continuous: true }, 1, "scanned"],
    ["is as old as its database", { continuous: false, databaseAt: "2026-11-01T00:00:00Z" }, 8, "unknown"],
  ] as const)("%s", (_, changes, maxAgeDays, state) => {
    expect(unlessStale(scanned([], changes), maxAgeDays, now)).toMatchObject({ state });
  });

  test("without a date is unknown", () => {
    const { scannedAt: _, ...undated } = scanned([], { continuous: false });
    expect(unlessStale(undated, 365, now)).toMatchObject({ state: "unknown", status: "STALE_SCAN" });
  });
});
