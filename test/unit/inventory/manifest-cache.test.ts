import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCache, writeCache } from "../../../runner/inventory/manifest-cache.ts";
import type { Content } from "../../../runner/registry/contents.ts";

const manifest: Content = {
  kind: "manifest",
  type: "application/vnd.oci.image.config.v1+json",
  subject: undefined,
  blobs: [{ digest: "sha256:layer", bytes: 10 }],
};
const index: Content = {
  kind: "index",
  artifactType: undefined,
  children: [
    { digest: "a", platform: "linux/amd64" },
    { digest: "attestation", platform: undefined },
  ],
};
const file = async () => join(await mkdtemp(join(tmpdir(), "slipway-cache-")), "ui.json");

test("what is written is read again, but for what could not be read", async () => {
  const path = await file();
  await writeCache(
    path,
    new Map<string, Content>([
      ["m", manifest],
      ["i", index],
      ["u", { kind: "unknown" }],
    ]),
  );
  const known = await readCache(path);
  expect([...known.keys()]).toEqual(["m", "i"]);
  expect(known.get("m")).toEqual(manifest);
  expect(known.get("i")).toEqual(index);
});

test.each([
  ["no JSON", "{"],
  ["another version", { version: 2, manifests: {} }],
  ["a list of manifests", { version: 1, manifests: [manifest] }],
  ["another kind", { version: 1, manifests: { m: manifest, x: { kind: "unknown" } } }],
  ["a manifest without its type", { version: 1, manifests: { m: { ...manifest, type: undefined } } }],
  ["a blob without its size", { version: 1, manifests: { m: { ...manifest, blobs: [{ digest: "x" }] } } }],
  ["a subject that is no text", { version: 1, manifests: { m: { ...manifest, subject: {} } } }],
  ["an index without its list", { version: 1, manifests: { i: { kind: "index" } } }],
  ["a child without its digest", { version: 1, manifests: { i: { ...index, children: [{}] } } }],
])("a file with %s counts as none", async (_, content) => {
  const path = await file();
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  expect(await readCache(path)).toEqual(new Map());
});
