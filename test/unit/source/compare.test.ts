import { describe, expect, test } from "vitest";
import { compareSources, describeChange, kept, summarizeChanges } from "../../../source/compare.ts";
import { hashDescription, parseDescription, type SourceDescription } from "../../../source/describe.ts";
import { baseImages } from "../../../source/dockerfile/dockerfile.ts";

const before: SourceDescription = {
  scheme: "1",
  dockerfile: "aa",
  baseImages: ["alpine:3"],
  context: ["100644 11 a", "100644 22 b c"],
  namedContexts: { lib: ["100644 33 x"] },
  remoteContexts: { alpine: "docker-image://one" },
  needs: { base: { service: "base", sourceHash: "1" } },
  extraInputs: [],
  stage: null,
  arguments: { A: "1", B: "1" },
  secrets: ["token"],
  platforms: ["linux/amd64"],
  salt: null,
};

describe("comparing what two builds read", () => {
  test("finds nothing between equals, also after both were kept as JSON", () => {
    expect(compareSources(before, before)).toEqual([]);
    const read = parseDescription(JSON.parse(JSON.stringify(before)));
    expect(read).toEqual(before);
    expect(parseDescription({ scheme: "1" })).toBeUndefined();
  });

  test("names each thing that differs, and the source hash differs with it", () => {
    const cases: [Partial<SourceDescription>, string][] = [
      [{ context: ["100644 12 a", "100644 22 b c"] }, "context: a was modified"],
      [{ context: ["100644 11 a"] }, "context: b c was removed"],
      [{ context: [...before.context, "120000 1 l"] }, "context: l was added"],
      [{ context: ["100755 11 a", "100644 22 b c"] }, "context: the executable bit of a changed"],
      [{ namedContexts: {} }, "lib: x was removed"],
      [{ extraInputs: ["100644 1 VERSION"] }, "extra inputs: VERSION was added"],
      [{ dockerfile: "bb" }, "the Dockerfile was modified"],
      [{ arguments: { A: "2", B: "1" } }, "the argument A was modified"],
      [{ arguments: { A: "1" } }, "the argument B was removed"],
      [{ secrets: [] }, "the secret token was removed"],
      [
        { remoteContexts: { alpine: "docker-image://two" } },
        "the context alpine was modified: docker-image://one → docker-image://two",
      ],
      [{ needs: { base: { service: "base", sourceHash: "2" } } }, "base, which it is built from, changed"],
      [{ needs: {} }, "it is no longer built from base"],
      [{ stage: "test" }, "the target stage was modified: the last → test"],
      [
        { platforms: ["linux/amd64", "linux/arm64"] },
        "the platforms were modified: linux/amd64 → linux/amd64, linux/arm64",
      ],
      [{ salt: "x" }, "the salt was added"],
      [{ scheme: "2" }, "this version of Slipway hashes sources differently"],
    ];
    for (const [difference, words] of cases) {
      const after = { ...before, ...difference };
      expect(compareSources(before, after).map(describeChange)).toEqual([words]);
      expect(hashDescription(after), words).not.toBe(hashDescription(before));
    }
  });

  test("says which base image a Dockerfile was changed to, which is no further part of the hash", () => {
    const after = { ...before, baseImages: ["alpine:4"] };
    expect(compareSources(before, after).map(describeChange)).toEqual([
      "the base image was modified: alpine:3 → alpine:4",
    ]);
    expect(hashDescription(after)).toBe(hashDescription(before));
  });

  test("keeps only folders of very many files, and still tells where something changed", () => {
    const many = (hash: string) =>
      Array.from(
        { length: 25_000 },
        (_, index) => `100644 ${index === 7 ? hash : "1"} d${index % 5}/e/f/${index}`,
      );
    const stored = kept({ ...before, context: many("1") });
    expect(stored.context).toHaveLength(5);
    const changes = compareSources(stored, { ...before, context: many("2") });
    expect(changes.map(describeChange)).toEqual(["context: d2/e/ was modified"]);
    expect(compareSources(stored, { ...before, context: many("1") })).toEqual([]);
  });

  test("is summed up in one line", () => {
    expect(summarizeChanges([])).toBe("nothing changed");
    expect(summarizeChanges(compareSources(before, { ...before, salt: "x", dockerfile: "b" }))).toBe(
      "the Dockerfile was modified, and 1 more",
    );
  });
});

describe("a Dockerfile's base images", () => {
  test.each([
    ["FROM alpine:3", ["alpine:3"]],
    ["FROM scratch", []],
    ["from --platform=$BUILDPLATFORM golang:1 AS build\nFROM build AS Test\nFROM test", ["golang:1"]],
    ["ARG V=3\nARG BASE=alpine:$V\nFROM ${BASE}", ["alpine:3"]],
    ["ARG V\nFROM alpine:${V:-edge}", ["alpine:edge"]],
    ["ARG V\nFROM alpine:$V", ["alpine:$V"]],
    [
      "# FROM no\nFROM a:1 \\\n  AS x\nCOPY --from=x a b\nCOPY --from=ghcr.io/y/z:2 c d",
      ["a:1", "ghcr.io/y/z:2"],
    ],
    ["FROM a:1\nARG V=2\nFROM b:$V", ["a:1", "b:$V"]],
  ])("of %j are %j", (text, references) => {
    expect(baseImages(text, {})).toEqual(references);
  });

  test("take the value of an argument that is given", () => {
    expect(baseImages('ARG V="3"\nFROM alpine:$V', { V: "4" })).toEqual(["alpine:4"]);
  });
});
