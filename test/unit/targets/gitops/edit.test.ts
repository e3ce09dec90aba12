import { describe, expect, test } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import type { ManifestPlace } from "../../../../config/targets/gitops/target.ts";
import type { WrittenImage } from "../../../../runner/targets/gitops/edit/change.ts";
import { editImage } from "../../../../runner/targets/gitops/edit/edit.ts";
import { decodeManifest } from "../../../../runner/targets/gitops/edit/manifest.ts";
import {
  helm,
  kustomize,
  nastyFiles,
  newDigest,
  newReference,
  oldDigest,
  oldReference,
  registry,
  wanted,
  yaml,
} from "./nasty.ts";

function problemOf(text: string, place: ManifestPlace, image: WrittenImage = wanted) {
  try {
    editImage(text, place, image);
  } catch (error) {
    if (error instanceof UserError) return error.problems[0];
    throw error;
  }
  return undefined;
}

describe("twelve files that writers of YAML break", () => {
  test("there are twelve", () => expect(nastyFiles).toHaveLength(12));

  test.each(nastyFiles)("$name", ({ text, place, changes }) => {
    let expected = text;
    let at =
      place.kind === "yaml" && place.key.startsWith("[kind=Deployment]")
        ? text.indexOf("kind: Deployment")
        : 0;
    for (const [before, after] of changes) {
      at = expected.indexOf(before, at);
      expect(at).toBeGreaterThanOrEqual(0);
      expected = expected.slice(0, at) + after + expected.slice(at + before.length);
      at += after.length;
    }
    const edited = editImage(text, place, wanted);
    expect(edited.text).toBe(expected);
    // A second edit finds it done.
    expect(editImage(edited.text, place, wanted)).toMatchObject({ lines: [], text: expected });
    expect(editImage(edited.text, place, wanted).before).toBe(newReference);
  });
});

test("the lines that an edit changes are shown as they are in the file", () => {
  const text = `images:\r\n- name: ui\r\n  newName: ${registry}/shop/ui\r\n  digest: ${oldDigest} # pinned\r\n`;
  expect(editImage(text, kustomize(), wanted)).toMatchObject({
    before: oldReference,
    line: 4,
    lines: [{ line: 4, before: `  digest: ${oldDigest} # pinned`, after: `  digest: ${newDigest} # pinned` }],
  });
});

describe("a tag with a digest", () => {
  const tagged = { ...wanted, tag: "src-0123456789ab" };
  test.each([
    [
      kustomize(),
      `images:\n- name: ui\n  newName: ${registry}/shop/ui\n  newTag: v1\n`,
      `newTag: v1`,
      `newTag: ${tagged.tag}@${newDigest}`,
    ],
    [
      helm(),
      `image:\n  repository: ${registry}/shop/ui\n  tag: v1\n`,
      "tag: v1",
      `tag: ${tagged.tag}@${newDigest}`,
    ],
    [yaml("a"), `a: x/y:1\n`, "x/y:1", `${registry}/shop/ui:${tagged.tag}@${newDigest}`],
  ])("is written by %o", (place, text, before, after) => {
    expect(editImage(text, place, tagged).text).toBe(text.replace(before, after));
  });

  test("is written as two keys where both are there, and a tag like a number is quoted", () => {
    const text = `images:\n- name: ui\n  newName: ${registry}/shop/ui\n  newTag: v1\n  digest: ${oldDigest}\n`;
    const image = { ...wanted, tag: "12e4567" };
    expect(editImage(text, kustomize(), image).text).toBe(
      text.replace("newTag: v1", 'newTag: "12e4567"').replace(oldDigest, newDigest),
    );
  });
});

describe("a tag alone", () => {
  const tagged = { ...wanted, tag: "src-0123456789ab", isTagOnly: true };
  const entry = `images:\n- name: ui # ours\n  newName: ${registry}/shop/ui\n`;
  const map = `image:\n  repository: ${registry}/shop/ui\n`;
  test.each([
    ["newTag", kustomize(), `${entry}  newTag: 'v1' # c\n`, "v1", tagged.tag],
    [
      "digest",
      kustomize(),
      `${entry}  digest: ${oldDigest} # c\n`,
      `digest: ${oldDigest}`,
      `newTag: ${tagged.tag}`,
    ],
    ["Helm's tag", helm(), `${map}  tag: v1\n`, "v1", tagged.tag],
    ["Helm's tag beside an empty digest", helm(), `${map}  tag: "1.0"\n  digest: ""\n`, "1.0", tagged.tag],
    [
      "a whole reference",
      yaml("a"),
      `a: x/y@${oldDigest}\r\n`,
      `x/y@${oldDigest}`,
      `${registry}/shop/ui:${tagged.tag}`,
    ],
  ])("is written in place of %s, and read back", (_, place, text, before, after) => {
    const edited = editImage(text, place, tagged);
    expect(edited.text).toBe(text.replace(before, after));
    expect(editImage(edited.text, place, tagged)).toMatchObject({
      before: `${registry}/shop/ui:${tagged.tag}`,
      lines: [],
    });
  });

  test("that YAML could take for a number is quoted", () => {
    const image = { ...tagged, tag: "12e4567" };
    expect(editImage(`${entry}  newTag: v1\n`, kustomize(), image).text).toContain('newTag: "12e4567"');
  });

  test("is refused beside a digest, which would win", () => {
    expect(problemOf(`${entry}  newTag: v1\n  digest: ${oldDigest}\n`, kustomize(), tagged)).toMatchObject({
      code: "manifest-refused",
      where: "kustomization.yaml:5:11",
      message: "stands beside newTag, and decides which image runs, so the tag would have no effect",
    });
    expect(problemOf(`${map}  tag: v1\n  digest: ${oldDigest}\n`, helm(), tagged)).toMatchObject({
      message: "stands beside tag, and charts take the digest, so the tag would have no effect",
    });
  });

  test("is all that a new entry gets", () => {
    const place = { ...kustomize(), create: true } as ManifestPlace;
    expect(editImage("images: []\n", place, tagged).text).toBe(
      `images: [{name: ui, newName: ${registry}/shop/ui, newTag: ${tagged.tag}}]\n`,
    );
  });
});

describe("an entry that is missing is added when that is asked for, in the style of the file", () => {
  const name = `newName: ${registry}/shop/ui`;
  const digest = `digest: ${newDigest}`;
  test.each([
    [
      "after others",
      "images:\n- name: api\n  newTag: v1 # c\n# tail\n",
      `images:\n- name: api\n  newTag: v1 # c\n- name: ui\n  ${name}\n  ${digest}\n# tail\n`,
    ],
    [
      "with their indentation",
      "images:\n  -   name: api\nnamespace: x\n",
      `images:\n  -   name: api\n  -   name: ui\n      ${name}\n      ${digest}\nnamespace: x\n`,
    ],
    [
      "CRLF and no final newline",
      "images:\r\n- name: api",
      `images:\r\n- name: api\r\n- name: ui\r\n  ${name}\r\n  ${digest}`,
    ],
    ["flow lists", "images: [{name: api}]\n", `images: [{name: api}, {name: ui, ${name}, ${digest}}]\n`],
    ["an empty list", "images: []\n", `images: [{name: ui, ${name}, ${digest}}]\n`],
    [
      "no list",
      "resources:\n  - a.yaml\n",
      `resources:\n  - a.yaml\nimages:\n  - name: ui\n    ${name}\n    ${digest}\n`,
    ],
    [
      "a list without a value",
      "images:\nnamespace: x\n",
      `images:\n- name: ui\n  ${name}\n  ${digest}\nnamespace: x\n`,
    ],
    [
      "keys of an entry",
      "images:\n  - name: ui # ours\n  - name: b\n",
      `images:\n  - name: ui # ours\n    ${name}\n    ${digest}\n  - name: b\n`,
    ],
    ["keys of a flow entry", "images: [{name: ui}]\n", `images: [{name: ui, ${name}, ${digest}}]\n`],
  ])("%s", (_, text, expected) => {
    expect(editImage(text, kustomize("ui", true), wanted).text).toBe(expected);
    expect(problemOf(text, kustomize())).toMatchObject({ code: "manifest-no-match" });
  });
});

describe("what can't be edited safely is refused, with file, line, key and fix", () => {
  test.each([
    [
      "no such key",
      yaml("spec.image"),
      "spec:\n  a: 1\n",
      "manifest-no-match",
      "deployment.yaml:2:3",
      "the file has no image below spec",
    ],
    [
      "no such entry",
      kustomize("ui"),
      "images:\n- name: uix\n",
      "manifest-no-match",
      "kustomization.yaml",
      "images has no entry with this name",
    ],
    [
      "two entries",
      kustomize(),
      "images:\n- name: ui\n- name: ui\n",
      "manifest-several-matches",
      "kustomization.yaml",
      "2 entries have this name, in lines 2, 3",
    ],
    [
      "two documents",
      yaml("image"),
      "image: a\n---\nimage: b\n",
      "manifest-several-matches",
      "deployment.yaml",
      "2 places match, in lines 1, 3",
    ],
    [
      "an alias",
      yaml("b"),
      "a: &x y\nb: *x\n",
      "manifest-refused",
      "deployment.yaml:2:4",
      "is an alias: an edit would change every place that shares its anchor",
    ],
    [
      "a shared anchor",
      yaml("a"),
      "a: &x y\nb: *x\n",
      "manifest-refused",
      "deployment.yaml:1:7",
      "has an anchor that aliases elsewhere refer to, so an edit would change those places as well",
    ],
    [
      "a merge key",
      yaml("b.image"),
      "a: &x {image: y}\nb:\n  <<: *x\n",
      "manifest-refused",
      "deployment.yaml:3:3",
      "may come from the map that a merge key (<<) brings in, which other places share",
    ],
    [
      "a key that is there twice",
      yaml("a"),
      "a: 1\nb: 2\na: 3\n",
      "manifest-refused",
      "deployment.yaml:3:1",
      "this map already has the key",
    ],
    [
      "a Helm template",
      yaml("image"),
      "image: {{ .Values.image }}\n",
      "manifest-refused",
      "deployment.yaml:1:8",
      "is a Helm template, whose image comes from values",
    ],
    [
      "a template with control words",
      yaml("image"),
      "{{- if .x }}\nimage: a\n{{- end }}\n",
      "manifest-refused",
      "deployment.yaml:1:1",
      "is a Helm template, whose image comes from values",
    ],
    [
      "a template in quotes",
      yaml("image"),
      "image: '{{ .Values.image }}'\n",
      "manifest-refused",
      "deployment.yaml:1:8",
      "is a Helm template, whose image comes from values",
    ],
    [
      "a map",
      yaml("image"),
      "image: {a: b}\n",
      "manifest-refused",
      "deployment.yaml:1:8",
      "is a list or a map, not a text",
    ],
    [
      "what is not YAML",
      yaml("image"),
      'image: "a\n',
      "manifest-refused",
      "deployment.yaml:2:1",
      'is not YAML: Missing closing "quote',
    ],
    [
      "a tag of its own",
      yaml("image"),
      "image: !ref a\n",
      "manifest-refused",
      "deployment.yaml:1:13",
      "has a tag of its own",
    ],
    [
      "a tag beside a digest",
      kustomize(),
      `images:\n- name: ui\n  newTag: v1\n  digest: ${oldDigest}\n  newName: a\n`,
      "manifest-refused",
      "kustomization.yaml:3:11",
      "stands beside digest, so that kustomize writes both and the tag would name another image",
    ],
    [
      "values without a digest",
      helm(),
      "image:\n  repository: a\n  tag: b\n",
      "manifest-no-match",
      "values.yaml:2:3",
      "the map has no digest",
    ],
  ] as const)("%s", (_, place, text, code, where, message) => {
    expect(problemOf(text, place)).toMatchObject({ code, where, message, fix: expect.any(String) });
  });

  test("a file in another encoding, and a pointer of Git LFS", () => {
    expect(() => decodeManifest(Buffer.from([0x61, 0xff]), "a.yaml")).toThrow("is not text in UTF-8");
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n";
    expect(() => decodeManifest(Buffer.from(pointer), "a.yaml")).toThrow("is stored with Git LFS");
  });
});
