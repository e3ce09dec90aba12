import { BatchGetImageCommand, DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { describe, expect, it } from "vitest";
import { parseContent, readContents } from "../../../runner/registry/contents.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { fakeRegistry, indexOf, platformManifest } from "./fake-registry.ts";
import { ecrOnly, found, indexText, manifestText, ociManifest, sha } from "./fixtures.ts";

const { signal } = new AbortController();

describe("a repository's contents", () => {
  it("are read a hundred manifests a call, page by page", async () => {
    const registry = fakeRegistry("shop/ui", 100);
    const digests = Array.from({ length: 250 }, (_, index) =>
      registry.push(platformManifest({ [`layer ${index}`]: index }), `v${index}`),
    );
    const entries = (await readContents(ecrOnly(), "shop/ui", signal))?.entries;
    expect(entries?.map(({ digest }) => digest)).toEqual(digests);
    expect(entries?.at(-1)).toMatchObject({ tags: ["v249"], content: { kind: "manifest" } });
    expect(registry.calls("DescribeImages")).toBe(3);
    expect(registry.calls("BatchGetImage")).toBe(3);
  });

  it("tell what is archived, whose manifests can't be read", async () => {
    const active = { imageDigest: sha("1"), imageTags: ["v2"] };
    const archived = { imageDigest: sha("2"), imageTags: ["v1"], imageSizeInBytes: 7 };
    const ecr = mockClient(ECRClient);
    ecr
      .on(DescribeImagesCommand)
      .resolves({ imageDetails: [active, { ...archived, imageStatus: "ARCHIVED" }] });
    ecr.on(BatchGetImageCommand).resolves(found(sha("1"), manifestText, ociManifest));
    const contents = await readContents(ecrOnly(), "shop/ui", signal);
    expect(contents?.entries.map(({ digest }) => digest)).toEqual([sha("1")]);
    expect(contents?.archived).toEqual([
      { digest: sha("2"), tags: ["v1"], pushedAt: undefined, bytes: 7, isBeingRestored: false },
    ]);
    expect(ecr.commandCalls(DescribeImagesCommand)[0]?.args[0].input.filter).toEqual({ imageStatus: "ANY" });
    const asked = ecr.commandCalls(BatchGetImageCommand)[0]?.args[0].input.imageIds;
    expect(asked).toEqual([{ imageDigest: sha("1") }]);
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
