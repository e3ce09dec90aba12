import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { editImage } from "../../../../runner/targets/gitops/edit/edit.ts";
import { isTextWhenPlain } from "../../../../runner/targets/gitops/edit/scalar.ts";
import {
  kustomize,
  newDigest,
  newReference,
  oldDigest,
  oldReference,
  registry,
  wanted,
  yaml,
} from "./nasty.ts";

/** What stands around the image in a file: comments, odd values, other lists, in any order. */
const noise = fc.array(
  fc.constantFrom(
    "# a comment",
    "",
    "mode: 0644",
    "on: yes",
    "long: >\n  folded text\n  of two lines",
    "script: |\n  image: not this\n\n  done   ",
    "flow: {a: 1,b: [x,  y], 'c': \"d\"}",
    "anchored: &name value",
    "spaces:   'x'   # two before",
    "unicode: ☕",
    "number: 1e3",
    "empty:",
    "nested:\n    deep:\n        - a\n        -   b: 1",
  ),
  { maxLength: 6 },
);

/** Keys once each: a key that a map has twice is refused. */
const once = (lines: readonly string[]) => {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const key = /^(\w+):/.exec(line)?.[1];
    if (key === undefined) return true;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

const quote = fc.constantFrom("", "'", '"');
const eol = fc.constantFrom("\n", "\r\n");
const gap = fc.constantFrom(" ", "  ", "\t");
const file = fc.record({
  bom: fc.boolean(),
  before: noise,
  after: noise,
  quote,
  eol,
  gap,
  comment: fc.constantFrom("", " # pinned", '   # {"$imagepolicy": "a:b"}'),
  finalNewline: fc.boolean(),
  marker: fc.constantFrom("", "---\n", "%YAML 1.2\n---\n"),
});

type GeneratedFile = typeof file extends fc.Arbitrary<infer T> ? T : never;

function textOf(one: GeneratedFile, image: string): string {
  const used = once([...one.before, "@", ...one.after]);
  const at = used.indexOf("@");
  const text = `${one.marker}${[...used.slice(0, at), image, ...used.slice(at + 1)].join("\n")}${one.finalNewline ? "\n" : ""}`;
  return `${one.bom ? "\uFEFF" : ""}${text.replaceAll("\n", one.eol)}`;
}

test("bytes outside of the image are equal, in every style of YAML", () => {
  fc.assert(
    fc.property(file, fc.constantFrom("block", "flow", "folded", "literal", "list"), (one, style) => {
      const { quote: q, gap: g, comment: c } = one;
      const image = (reference: string) =>
        ({
          block: `image:${g}${q}${reference}${q}${c}`,
          flow: `image: {a: 1,${g}name: ${q}${reference}${q} }${c}`,
          folded: `image: >-\n  ${reference}`,
          literal: `image: |-${c}\n    ${reference}\n`,
          list: `image:\n  - name: other\n    at: x:1\n  - name: ui${c}\n    at:${g}${q}${reference}${q}`,
        })[style];
      const place = yaml(
        { block: "image", flow: "image.name", folded: "image", literal: "image", list: "image[name=ui].at" }[
          style
        ],
      );
      const text = textOf(one, image(oldReference));
      const edited = editImage(text, place, wanted);
      expect(edited.text).toBe(textOf(one, image(newReference)));
      expect(edited.before).toBe(oldReference);
      expect(edited.lines).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

test("so they are in a kustomization, with its keys in any order", () => {
  fc.assert(
    fc.property(
      file,
      fc.boolean(),
      fc.shuffledSubarray(["name", "newName", "digest"], { minLength: 3 }),
      (one, flow, keys) => {
        const { quote: q } = one;
        const images = (digest: string) => {
          const values: Record<string, string> = {
            name: "ui",
            newName: `${registry}/shop/ui`,
            digest: `${q}${digest}${q}`,
          };
          const pairs = keys.map((key) => `${key}: ${values[key]}`);
          return flow
            ? `images: [{name: x}, {${pairs.join(", ")}}]`
            : `images:\n- ${pairs.join("\n  ")}\n- name: x`;
        };
        const edited = editImage(textOf(one, images(oldDigest)), kustomize(), wanted);
        expect(edited.text).toBe(textOf(one, images(newDigest)));
      },
    ),
    { numRuns: 300 },
  );
});

test("a text that is written plain is a text to YAML 1.1 and to YAML 1.2", () => {
  const tag = fc.oneof(
    fc.stringMatching(/^[0-9a-f]{7}$/),
    fc.stringMatching(/^[0-9][0-9_.:eE+-]{0,8}$/),
    fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/),
    fc.constantFrom(
      "1234567",
      "12e4567",
      "0012345",
      "1_000",
      "0o17",
      "0x1f",
      "1:30",
      "2026-11-28",
      "y",
      "No",
      "off",
      "null",
      "~",
      ".inf",
      ".5",
      "1e3",
    ),
  );
  fc.assert(
    fc.property(tag, (text) => {
      if (!isTextWhenPlain(text)) return;
      for (const version of ["1.1", "1.2"] as const)
        expect(parseDocument(text, { version }).toJS()).toBe(text);
      // Go's parsers read more as numbers than the standard does.
      expect(/^[-+.]?\d/.test(text) && !Number.isNaN(Number(text.replaceAll("_", "")))).toBe(false);
    }),
    { numRuns: 2000 },
  );
  for (const number of ["1234567", "12e4567", "0012345", "1_000", "1:30", "2026-11-28", "y", "off"]) {
    expect(isTextWhenPlain(number), number).toBe(false);
  }
  expect(isTextWhenPlain("src-0123456789ab")).toBe(true);
  expect(isTextWhenPlain(newReference)).toBe(true);
});
