import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type {
  ReportedFinding,
  ScanDocument,
  ScannedPlatform,
} from "../../../../runner/commands/scan/document.ts";
import { presentScan } from "../../../../runner/commands/scan/job.ts";
import { lineOfFrom, sarifLimits, toSarif } from "../../../../runner/commands/scan/sarif.ts";
import { writeSarif } from "../../../../runner/commands/scan/write-sarif.ts";
import { finding } from "../../findings/samples.ts";
import { service } from "../../stack/services.ts";
import { sha } from "../../targets/fakes.ts";

/** OASIS's schema, which says where it comes from. */
const schema = z.fromJSONSchema(
  JSON.parse(await readFile(join(import.meta.dirname, "sarif-2.1.0.json"), "utf8")) as never,
);

const reported = (id: string, changes: Partial<ReportedFinding> = {}): ReportedFinding => ({
  ...finding(id, { source: "grype" }),
  origin: "unknown",
  ...changes,
});

const platform = (
  findings: readonly ReportedFinding[],
  changes: Partial<ScannedPlatform> = {},
): ScannedPlatform => ({
  platform: "linux/amd64",
  digest: sha("a"),
  source: "grype",
  scannedAt: "2026-11-20T10:00:00.000Z",
  suppressed: 0,
  findings,
  ...changes,
});

function scan(
  platforms: readonly ScannedPlatform[],
  names: readonly string[] = ["ui"],
): Omit<ScanDocument, "sarif"> {
  return {
    version: 1,
    kind: "scan",
    stack: "prod",
    account: "111122223333",
    region: "eu-west-1",
    outcome: "findings",
    images: names.map((name) => ({
      service: name,
      repository: `shop/${name}`,
      dockerfile: `examples/shop/${name}/Dockerfile`,
      digest: sha("1"),
      platforms,
    })),
    withoutImage: [],
    notices: [],
  };
}

const place = { version: "1.2.3", folder: "", fromLines: new Map([["ui", 7]]) };

/** The only file of a scan, which is valid. */
function only(document: ScanDocument, limits = sarifLimits) {
  const { files, leftOut } = toSarif(document, place, limits);
  expect(files).toHaveLength(1);
  expect(schema.safeParse(files[0]).error?.issues).toBeUndefined();
  return { runs: files[0]?.runs ?? [], leftOut };
}

describe("a scan as SARIF", () => {
  test("is one valid run for each image and platform, with a category of its own", () => {
    const both = [platform([reported("CVE-1")]), platform([], { platform: "linux/arm64" })];
    const { runs, leftOut } = only(scan(both, ["ui", "cart"]));
    expect(runs.map(({ automationDetails }) => automationDetails.id)).toEqual([
      "slipway/prod/ui/linux/amd64/",
      "slipway/prod/ui/linux/arm64/",
      "slipway/prod/cart/linux/amd64/",
      "slipway/prod/cart/linux/arm64/",
    ]);
    // An empty run tells GitHub that everything is mended.
    expect(runs[1]?.results).toEqual([]);
    expect(leftOut).toEqual([]);
  });

  test("has the Dockerfile as location: its last stage for what the base image brings", () => {
    const all = [reported("CVE-1", { origin: "base image" }), reported("CVE-2", { origin: "lock file" })];
    const { files } = toSarif(scan([platform(all)]), { ...place, folder: "apps/my shop" });
    expect(
      files[0]?.runs[0]?.results.map(({ locations: [{ physicalLocation }] }) => physicalLocation),
    ).toEqual([
      {
        artifactLocation: { uri: "apps/my%20shop/examples/shop/ui/Dockerfile" },
        region: { startLine: 7 },
      },
      {
        artifactLocation: { uri: "apps/my%20shop/examples/shop/ui/Dockerfile" },
        region: { startLine: 1 },
      },
    ]);
  });

  test("has a rule for each vulnerability, with help and a severity that GitHub reads", () => {
    const zlib = { name: "zlib|1g", version: "1.3" };
    const all = [
      reported("CVE-1", { severity: "CRITICAL", score: 9.8, link: "https://example.com/CVE-1" }),
      reported("CVE-1", { severity: "CRITICAL", package: zlib, fixable: "no", fixedIn: undefined as never }),
      reported("CVE-2", { severity: "LOW", score: 9.1, link: "not an address" }),
    ];
    const { runs } = only(scan([platform(all)]));
    const [first, second] = runs[0]?.tool.driver.rules ?? [];
    expect(first).toMatchObject({
      id: "CVE-1",
      helpUri: "https://example.com/CVE-1",
      shortDescription: { text: "CVE-1 in openssl, zlib|1g" },
      properties: { "security-severity": "9.8" },
    });
    expect(first?.help.text).toMatch(
      /^openssl 3\.0\.1 is fixed in 3\.0\.2; zlib\|1g 1\.3 has no fix\. Update /,
    );
    expect(first?.help.markdown).toContain("| openssl 3.0.1 | 3.0.2 |\n| zlib\\|1g 1.3 | no fix |");
    // The source calls it low, whatever its score.
    expect(second?.properties["security-severity"]).toBe("2.0");
    expect(second).not.toHaveProperty("helpUri");
    expect(runs[0]?.results.map(({ ruleIndex, level }) => [ruleIndex, level])).toEqual([
      [0, "error"],
      [0, "error"],
      [1, "note"],
    ]);
  });

  test("tells packages with the same vulnerability apart, and keeps an alert when a version changes", () => {
    const of = (name: string, version: string) => {
      const { runs } = only(scan([platform([reported("CVE-1", { package: { name, version } })])]));
      return runs[0]?.results[0]?.partialFingerprints.primaryLocationLineHash;
    };
    expect(of("openssl", "1")).toMatch(/^[0-9a-f]{16}:1$/);
    expect(of("openssl", "1")).toBe(of("openssl", "2"));
    expect(of("openssl", "1")).not.toBe(of("zlib", "1"));
  });

  test("has no run for a platform without a result, whose alerts GitHub would close", () => {
    const unknown = platform([], {
      platform: "linux/arm64",
      unknown: { status: "TIMED_OUT", reason: "no scan was complete" },
    });
    const { runs, leftOut } = only(scan([platform([]), unknown]));
    expect(runs).toHaveLength(1);
    expect(leftOut).toEqual(["ui on linux/arm64 has no scan result"]);
  });

  test("lists waived findings beside the results", () => {
    const waived = { expires: "2026-12-31", owner: "me", reason: "not reachable" };
    const { runs } = only(scan([platform([reported("CVE-1", { waived }), reported("CVE-2")])]));
    expect(runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(["CVE-2"]);
    expect(runs[0]?.properties.waived).toEqual([{ id: "CVE-1", package: "openssl", ...waived }]);
  });
});

test("the schema refuses what is not SARIF", () => {
  const { files } = toSarif(scan([platform([reported("CVE-1")])]), place);
  const text = JSON.stringify(files[0]);
  for (const wrong of [text.replace('"error"', '"bad"'), text.replace('"ruleIndex":0', '"ruleIndex":"0"')]) {
    expect(schema.safeParse(JSON.parse(wrong)).success).toBe(false);
  }
});

describe("GitHub's limits", () => {
  const many = Array.from({ length: 40 }, (_, index) =>
    reported(`CVE-${index}`, { severity: index < 10 ? "CRITICAL" : "LOW" }),
  );

  test("cut the least severe results of a run, which says so", () => {
    const { runs, leftOut } = only(scan([platform(many)]), { ...sarifLimits, resultsInRun: 15 });
    expect(runs[0]?.results).toHaveLength(15);
    expect(runs[0]?.results.slice(0, 10).every(({ level }) => level === "error")).toBe(true);
    const note =
      "ui on linux/amd64: 25 of 40 findings left out, the least severe, to stay within GitHub's limits";
    expect(leftOut).toEqual([note]);
    expect(runs[0]?.properties.leftOut).toBe(25);
    expect(runs[0]?.invocations[0].toolExecutionNotifications[0]?.message.text).toBe(note);
  });

  test("cut results until a file is small enough", () => {
    const { runs, leftOut } = only(scan([platform(many)]), { ...sarifLimits, compressedBytes: 2_000 });
    expect(runs[0]?.results.length).toBeGreaterThan(0);
    expect(runs[0]?.results.length).toBeLessThan(40);
    expect(leftOut).toHaveLength(1);
  });

  test("put more than twenty runs into several files", () => {
    const names = Array.from({ length: 21 }, (_, index) => `s${index}`);
    const { files } = toSarif(scan([platform([])], names), place);
    expect(files.map(({ runs }) => runs.length)).toEqual([20, 1]);
    for (const file of files) expect(schema.safeParse(file).success).toBe(true);
  });
});

test.each([
  ["FROM a\nRUN x\nfrom b AS last\n", undefined, 3],
  ["FROM --platform=$BUILDPLATFORM a AS first\n\nFROM b\n", "First", 1],
  ["FROM a\n", "other", undefined],
  ["", undefined, undefined],
])("the stage of %j and %j begins at line %j", (dockerfile, stage, line) => {
  expect(lineOfFrom(dockerfile, stage)).toBe(line);
});

describe("the file", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "slipway-sarif-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test("is written with its folder, and beside it what does not fit", async () => {
    const names = Array.from({ length: 21 }, (_, index) => `s${index}`);
    const document = scan([platform([reported("CVE-1", { origin: "base image" })])], names);
    const catalogue = { services: names.map((name) => service(name)) };
    const file = join(directory, "out/scan.sarif");
    const written = await writeSarif(
      document,
      file,
      { directory, catalogue },
      { GITHUB_WORKSPACE: directory },
    );
    expect(written.files).toEqual([file, join(directory, "out/scan-2.sarif")]);
    expect((await readdir(join(directory, "out"))).toSorted()).toEqual(["scan-2.sarif", "scan.sarif"]);
    const read: unknown = JSON.parse(await readFile(file, "utf8"));
    expect(schema.safeParse(read).error?.issues).toBeUndefined();
  });

  test("names the Dockerfile as the checkout has it, at the line of its last stage", async () => {
    const project = join(directory, "deploy");
    const document = scan([platform([reported("CVE-1", { origin: "base image" })])]);
    const images = document.images.map((image) => ({ ...image, dockerfile: "Dockerfile" }));
    await writeFile(join(directory, "Dockerfile"), "FROM a AS one\nFROM b\n");
    const catalogue = { services: [service("ui")] };
    const file = join(directory, "scan.sarif");
    await writeSarif({ ...document, images }, file, { directory, catalogue }, {});
    const uriOf = async () =>
      /"uri":"([^"]*)"\},"region":\{"startLine":(\d+)/.exec(await readFile(file, "utf8"))?.slice(1);
    expect(await uriOf()).toEqual(["Dockerfile", "2"]);
    const inCheckout = { directory: project, catalogue };
    await writeSarif({ ...document, images }, file, inCheckout, { GITHUB_WORKSPACE: directory });
    expect(await uriOf()).toEqual(["deploy/Dockerfile", "1"]);
  });
});

test("a job's summary has a row for each platform, and the findings with whose they are", () => {
  const waived = { expires: "2026-12-31", owner: "@me", reason: "not reachable" };
  const unknown = platform([], {
    platform: "linux/arm64",
    unknown: { status: "TIMED_OUT", reason: "no scan was complete" },
  });
  const findings = [
    reported("CVE-1", { severity: "CRITICAL", origin: "base image", link: "https://example.com/1" }),
    reported("CVE-2", { waived, link: "javascript:alert(1)" }),
  ];
  const rebuild = {
    reference: "node:24",
    from: sha("1"),
    to: sha("2"),
    known: true,
    fixes: 1,
    of: 1,
  } as const;
  const base = { reference: "node:24", digest: sha("1") };
  const { summary, outputs } = presentScan(scan([platform(findings, { base, rebuild }), unknown]));
  expect(outputs).toEqual({ outcome: "findings" });
  expect(summary).toContain("| `ui` | linux/amd64 | 1 |  |  |  |  | 1 | grype 2026-11-20 |");
  expect(summary).toContain(
    "| `ui` | linux/arm64 | ? | ? | ? | ? | ? |  | not known: no scan was complete |",
  );
  expect(summary).toContain("[CVE-1](https://example.com/1) | openssl 3.0.1 | 3.0.2 | base image |  |");
  expect(summary).toContain("| CVE-2 | openssl 3.0.1 | 3.0.2 |  | waived until 2026-12-31 by @\u200bme |");
  expect(summary).toContain("a rebuild on the newest node:24 would fix the 1 finding of the base image");
});
