import { describe, expect, test } from "vitest";
import type { Finding } from "../../../../runner/findings/finding.ts";
import {
  type BaseLayers,
  baseOfLayers,
  countFixed,
  type Layer,
  type LayerFacts,
  needsBaseFindings,
  originOf,
  type Rebuild,
  rebuildText,
} from "../../../../runner/findings/origin/origin.ts";
import { sha } from "../../targets/fakes.ts";
import { finding } from "../samples.ts";

/** Layers a and b are the base image's, c is ours; each has a diff id of its own. */
const layers: readonly Layer[] = [
  { digest: sha("a"), diffId: sha("1") },
  { digest: sha("b"), diffId: sha("2") },
  { digest: sha("c"), diffId: sha("3") },
];
const base: BaseLayers = { reference: "node:24", digest: sha("9"), layers: [sha("a"), sha("b")] };
const facts: LayerFacts = { layers, base };

const of = (changes: Partial<Finding>) => finding("CVE-1", changes);
const npm = { name: "minimist", version: "1.2.5", purl: "pkg:npm/minimist@1.2.5" };

describe("the base image of an image", () => {
  const short: BaseLayers = { ...base, reference: "debian:12", layers: [sha("a")] };
  const other: BaseLayers = { ...base, reference: "golang:1", layers: [sha("a"), sha("d")] };
  const longer: BaseLayers = { ...base, reference: "x", layers: [sha("a"), sha("b"), sha("c"), sha("d")] };
  test.each([
    ["the only one whose layers it begins with", [other, base], "node:24"],
    ["the one with the most layers of several", [short, base], "node:24"],
    ["none that has other layers", [other], undefined],
    ["none that has more layers than the image", [longer], undefined],
    ["none without layers", [{ ...base, layers: [] }], undefined],
    ["none where none was read", [], undefined],
  ] as const)("is %s", (_, candidates, reference) => {
    expect(baseOfLayers(layers, candidates)?.reference).toBe(reference);
  });
});

describe("whose a finding is", () => {
  test.each([
    ["a package in a layer of the base image", of({ layer: sha("b") }), facts, "base image"],
    ["one whose layer the scanner names by its diff id", of({ layer: sha("2") }), facts, "base image"],
    ["a package of the system in our layer", of({ layer: sha("c") }), facts, "our layer"],
    ["a package of a language in our layer", of({ layer: sha("3"), package: npm }), facts, "lock file"],
    ["a package of a language in the base image", of({ layer: sha("a"), package: npm }), facts, "base image"],
    [
      "one that Inspector names by its package manager",
      of({ layer: sha("c"), package: { name: "x", type: "gobinary" } }),
      facts,
      "lock file",
    ],
    [
      "a package of the system that Inspector names so",
      of({ layer: sha("c"), package: { name: "x", type: "os" } }),
      facts,
      "our layer",
    ],
    ["one without a layer, as of ECR's basic scans", of({}), facts, "unknown"],
    ["one in a layer that the image does not have", of({ layer: sha("f") }), facts, "unknown"],
    [
      "one of an image whose base image is not known",
      of({ layer: sha("a") }),
      { layers, base: undefined },
      "unknown",
    ],
    ["one of an image from scratch", of({}), { layers, base: "none" }, "our layer"],
    ["a library of an image from scratch", of({ package: npm }), { layers, base: "none" }, "lock file"],
    ["one in a database that the base image wrote", of({ databaseLayer: sha("2") }), facts, "base image"],
    ["one in a database that we wrote again", of({ databaseLayer: sha("3") }), facts, "unknown"],
    [
      "the same, where the base image has it in this version",
      of({ databaseLayer: sha("3") }),
      { ...facts, inBase: [of({})] },
      "base image",
    ],
    [
      "the same, where the base image has another version of it",
      of({ databaseLayer: sha("3") }),
      { ...facts, inBase: [of({ package: { name: "openssl", version: "2" } })] },
      "our layer",
    ],
    [
      "the same, where the base image has not the package",
      of({ databaseLayer: sha("3") }),
      { ...facts, inBase: [] },
      "our layer",
    ],
  ] as const)("%s", (_, one, known, origin) => {
    expect(originOf(one, known)).toBe(origin);
  });

  test("is asked of the base image's own findings only where nothing else can tell", () => {
    expect(needsBaseFindings([of({ layer: sha("c") }), of({}), of({ databaseLayer: sha("1") })], facts)).toBe(
      false,
    );
    expect(needsBaseFindings([of({ databaseLayer: sha("3") })], facts)).toBe(true);
    expect(needsBaseFindings([of({ databaseLayer: sha("3") })], { layers, base: "none" })).toBe(false);
  });
});

describe("a rebuild on a newer base image", () => {
  test("fixes what the newer one has not, whatever id each source calls it by", () => {
    const ofBase = [
      finding("CVE-1"),
      finding("GHSA-2", { aliases: ["CVE-2"] }),
      finding("CVE-3", { package: { name: "zlib" } }),
    ];
    const inNewer = [finding("CVE-2"), finding("CVE-3", { package: { name: "busybox" } })];
    expect(countFixed(ofBase, inNewer)).toEqual({ fixes: 2, of: 3 });
  });

  const rebuild = { reference: "node:24", from: sha("1"), to: sha("2") };
  test.each<[Rebuild, string]>([
    [
      { ...rebuild, known: true, fixes: 14, of: 17 },
      "a rebuild on the newest node:24 would fix 14 of the 17 findings of the base image",
    ],
    [
      { ...rebuild, known: true, fixes: 1, of: 1 },
      "a rebuild on the newest node:24 would fix the 1 finding of the base image",
    ],
    [
      { ...rebuild, known: true, fixes: 0, of: 2 },
      "a rebuild on the newest node:24 would fix none of the 2 findings of the base image",
    ],
    [
      { ...rebuild, known: false, reason: "nobody scans it" },
      "what a rebuild on the newest node:24 would fix is not known: nobody scans it",
    ],
  ])("is told in one line: %o", (one, text) => {
    expect(rebuildText(one)).toBe(text);
  });
});
