import { describe, expect, it } from "vitest";
import { parseContent, readContents } from "../../../runner/registry/contents.ts";
import { fakeRegistry, indexOf, platformManifest } from "./fake-registry.ts";
import { ecrOnly, indexText, manifestText, sha } from "./fixtures.ts";

const { signal } = new AbortController();

describe("a repository's contents", () => {
  it("are read a hundred manifests a call, page by page", async () => {
    const registry = fakeRegistry("shop/ui", 100);
    const digests = Array.from({ length: 250 }, (_, index) =>
      registry.push(platformManifest({ [`layer ${index}`]: index }), `v${index}`),
    );
    const entries = await readContents(ecrOnly(), "shop/ui", signal);
    expect(entries?.map(({ digest }) => digest)).toEqual(digests);
    expect(entries?.at(-1)).toMatchObject({ tags: ["v249"], content: { kind: "manifest" } });
    expect(registry.calls("DescribeImages")).toBe(3);
    expect(registry.calls("BatchGetImage")).toBe(3);
  });

  it("there are none without a repository", async () => {
    fakeRegistry("shop/ui");
    expect(await readContents(ecrOnly(), "shop/other", signal)).toBeUndefined();
  });

  it("an index lists everything, attestations without a platform", () => {
    expect(parseContent(indexText)).toEqual({
      kind: "index",
      artifactType: undefined,
      children: [
        { digest: sha("a"), platform: "linux/amd64" },
        { digest: sha("b"), platform: "linux/arm64" },
        { digest: sha("c"), platform: undefined },
        { digest: sha("d"), platform: undefined },
      ],
    });
  });

  it("a manifest has its configuration and its layers", () => {
    expect(parseContent(manifestText)).toEqual({
      kind: "manifest",
      type: "application/vnd.oci.image.config.v1+json",
      subject: undefined,
      blobs: [
        { digest: sha("e"), bytes: 100 },
        { digest: sha("f"), bytes: 1000 },
        { digest: sha("0"), bytes: 2000 },
      ],
    });
  });

  it("what nobody knows is unknown, and no error", () => {
    for (const text of [undefined, "", "{}", "[]", "not json", '{"schemaVersion":1}']) {
      expect(parseContent(text)).toEqual({ kind: "unknown" });
    }
    expect(parseContent(JSON.stringify(indexOf({})))).toMatchObject({ kind: "index", children: [] });
  });
});
