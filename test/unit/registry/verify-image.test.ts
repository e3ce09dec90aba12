import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import { beforeEach, describe, expect, it } from "vitest";
import type { UserError } from "../../../config/problems/errors.ts";
import { verifyImage } from "../../../runner/registry/verify-image.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecrOnly, found, indexText, manifestText, notFound, ociIndex, ociManifest, sha } from "./fixtures.ts";

const ecr = mockClient(ECRClient);
const { signal } = new AbortController();
const image = { service: "ui", repository: "shop/ui", registry: "r", digest: sha("1"), manifests: {} };

const held = new Map<string, ReturnType<typeof found>["images"]>();

function holds(digest: string, text: string, mediaType: string) {
  held.set(digest, found(digest, text, mediaType).images);
}

async function problems(platforms: string[]) {
  const error = await verifyImage(ecrOnly(), image, platforms, signal).catch((thrown: UserError) => thrown);
  return (error as UserError).problems.map((problem) => problem.message);
}

beforeEach(() => {
  ecr.reset();
  held.clear();
  ecr.on(BatchGetImageCommand).callsFake(async ({ imageIds = [] }: BatchGetImageCommand["input"]) => ({
    images: imageIds.flatMap(({ imageDigest = "" }) => held.get(imageDigest) ?? []),
    failures: imageIds
      .filter(({ imageDigest = "" }) => !held.has(imageDigest))
      .flatMap((imageId) => notFound.failures.map((failure) => ({ ...failure, imageId }))),
  }));
});

describe("verifying a push", () => {
  it("tells size and layers of each platform", async () => {
    holds(sha("1"), indexText, ociIndex);
    holds(sha("a"), manifestText, ociManifest);
    holds(sha("b"), manifestText, ociManifest);
    const verified = await verifyImage(ecrOnly(), image, ["linux/amd64", "linux/arm64/v8"], signal);
    expect(verified).toEqual([
      { platform: "linux/amd64", digest: sha("a"), mediaType: ociManifest, layers: 2, bytes: 3100 },
      { platform: "linux/arm64", digest: sha("b"), mediaType: ociManifest, layers: 2, bytes: 3100 },
    ]);
  });

  it("misses the image", async () => {
    expect(await problems(["linux/amd64"])).toEqual(["the image is not in the registry"]);
  });

  it("names every platform that is not in the index, and every manifest that is not there", async () => {
    holds(sha("1"), indexText, ociIndex);
    holds(sha("a"), manifestText, ociManifest);
    expect(await problems(["linux/amd64", "linux/riscv64"])).toEqual([
      "it has no manifest for linux/riscv64",
      `its manifest for linux/arm64, ${sha("b")}, is missing`,
    ]);
  });
});
