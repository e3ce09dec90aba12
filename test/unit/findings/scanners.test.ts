import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readGrype } from "../../../runner/findings/scanner/read-grype.ts";
import { readTrivy } from "../../../runner/findings/scanner/read-trivy.ts";
import { sha } from "../targets/fakes.ts";

const reports = join(import.meta.dirname, "reports");
const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(reports, name), "utf8")) as unknown;
const now = new Date("2026-11-28T12:00:00Z");

/** The form of Grype 0.121's report. */
test("Grype's report has ids, score, fix, layer and the date of the database", async () => {
  expect(readGrype(await read("grype.json"), now)).toEqual({
    state: "scanned",
    source: "grype",
    suppressed: 1,
    scannedAt: "2026-11-28T10:00:00.123Z",
    databaseAt: "2026-11-27T06:00:00Z",
    continuous: false,
    findings: [
      {
        id: "GHSA-xvch-5gv4-984h",
        aliases: ["CVE-2021-44906"],
        severity: "CRITICAL",
        score: 9.8,
        package: { name: "minimist", version: "1.2.5", purl: "pkg:npm/minimist@1.2.5", type: "npm" },
        fixedIn: "1.2.6",
        fixable: "yes",
        layer: sha("a"),
        source: "grype",
        link: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
      },
      expect.objectContaining({
        severity: "INFORMATIONAL",
        fixable: "no",
        package: { name: "libc6", version: "2.36-9" },
      }),
      expect.objectContaining({ severity: "UNDEFINED", fixable: "unknown", package: { name: "x" } }),
    ],
  });
});

/** The form of Trivy 0.59's report, schema 2. */
test("Trivy's report has ids, score, fix, layer, and the day of publication", async () => {
  const version = { Version: "0.59.1", VulnerabilityDB: { Version: 2, UpdatedAt: "2026-11-27T00:00:00Z" } };
  expect(readTrivy(await read("trivy.json"), version, now)).toMatchObject({
    source: "trivy",
    scannedAt: "2026-11-28T10:00:00.123Z",
    databaseAt: "2026-11-27T00:00:00Z",
    findings: [
      {
        id: "CVE-2021-44906",
        aliases: ["GHSA-xvch-5gv4-984h"],
        severity: "CRITICAL",
        score: 9.8,
        package: { name: "minimist", version: "1.2.5", purl: "pkg:npm/minimist@1.2.5" },
        fixedIn: "1.2.6, 0.2.4",
        fixable: "yes",
        layer: sha("b"),
        since: "2022-03-17T16:15:07.51Z",
      },
      { id: "CVE-2", severity: "UNDEFINED", fixable: "no" },
      { id: "CVE-3", fixable: "unknown" },
    ],
  });
});

test.each([[{}], [{ Results: null }], [{ Results: [] }]])(
  "Trivy without a result for anything in the image has compared nothing: %o",
  (results) => {
    expect(readTrivy({ SchemaVersion: 2, ...results }, {}, now)).toEqual({
      state: "unknown",
      status: "UNSUPPORTED_IMAGE",
      reason: "trivy knows neither an operating system nor a package in this image, so it compared nothing",
    });
    const read = { SchemaVersion: 2, Results: [{ Vulnerabilities: null }] };
    expect(readTrivy(read, {}, now)).toMatchObject({ state: "scanned", findings: [] });
  },
);

test.each([[{}], [{ matches: "no" }], [[]]])("anything else is refused: %o", (report) => {
  expect(() => readGrype(report, now)).toThrow();
  expect(() => readTrivy(report, {}, now)).toThrow();
});

/** One match of a package whose files are in these layers. */
const located = (...locations: readonly object[]) => ({
  matches: [{ vulnerability: { id: "CVE-1" }, artifact: { name: "zlib", locations } }],
  descriptor: {},
});

test.each([
  [
    "of a package's own file, before that of the database",
    [
      { path: "/var/lib/dpkg/status", layerID: sha("b") },
      { path: "/usr/share/doc/zlib1g/copyright", layerID: sha("a") },
    ],
    { layer: sha("a") },
  ],
  [
    "of the database, and says so, where no other file is named",
    [{ path: "/lib/apk/db/installed", layerID: sha("b") }],
    { databaseLayer: sha("b") },
  ],
  ["of none, where it names none", [{ path: "/x" }], {}],
])("Grype's layer is that %s", (_, locations, expected) => {
  const result = readGrype(located(...locations), now);
  const [{ layer, databaseLayer } = { layer: undefined, databaseLayer: undefined }] =
    result.state === "scanned" ? result.findings : [];
  expect({
    ...(layer === undefined ? {} : { layer }),
    ...(databaseLayer === undefined ? {} : { databaseLayer }),
  }).toEqual(expected);
});

test("Trivy's layer is the diff id where it has no digest", () => {
  const report = (layer: object) => ({
    SchemaVersion: 2,
    Results: [{ Vulnerabilities: [{ VulnerabilityID: "CVE-1", PkgName: "zlib", Layer: layer }] }],
  });
  expect(readTrivy(report({ Digest: "", DiffID: sha("1") }), {}, now)).toMatchObject({
    findings: [{ layer: sha("1") }],
  });
});
