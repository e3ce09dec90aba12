import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  type ImageFailureCode,
  type ImageIdentifier,
} from "@aws-sdk/client-ecr";
import { beforeEach, describe, expect, it } from "vitest";
import { normalizePlatform, parseManifest } from "../../../builder/manifest.ts";
import { UserError } from "../../../config/problems/errors.ts";
import {
  describeImage,
  findImageBySource,
  findImagesBySource,
  getManifest,
} from "../../../runner/registry/lookup.ts";
import { mockClient } from "../../aws/mock-client.ts";
import {
  awsError,
  ecrOnly,
  found,
  indexText,
  manifestText,
  notFound,
  ociIndex,
  ociManifest,
  sha,
} from "./fixtures.ts";

const ecr = mockClient(ECRClient);
const { signal } = new AbortController();
const location = { service: "ui", repository: "shop/ui", registry: "localhost:5000" };

beforeEach(() => {
  ecr.reset();
  ecr.on(DescribeImagesCommand).rejects(awsError("ImageNotFoundException"));
});

describe("reading manifests", () => {
  it("gives platforms and digests of an index, without its attestations", () => {
    expect(parseManifest(indexText)).toEqual({
      kind: "index",
      mediaType: ociIndex,
      manifests: { "linux/amd64": sha("a"), "linux/arm64": sha("b") },
    });
  });

  it("lists every version of Windows, so that none goes unscanned or unsigned", () => {
    const windows = (version: string, digest: string) => ({
      digest,
      platform: { os: "windows", architecture: "amd64", "os.version": version },
    });
    const index = {
      manifests: [
        { digest: sha("a"), platform: { os: "linux", architecture: "amd64" } },
        windows("10.0.20348.2113", sha("b")),
        windows("10.0.17763.5329", sha("c")),
      ],
    };
    expect(parseManifest(JSON.stringify(index))).toMatchObject({
      manifests: {
        "linux/amd64": sha("a"),
        "windows/amd64": sha("b"),
        "windows(10.0.17763.5329)/amd64": sha("c"),
      },
    });
  });

  it("counts the layers and what a pull transfers", () => {
    expect(parseManifest(manifestText)).toMatchObject({
      kind: "image",
      layers: 2,
      bytes: 3100,
      config: sha("e"),
    });
  });

  it.each([
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64", "linux/arm64"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/v6", "linux/arm/v6"],
    ["linux/amd64", "linux/amd64"],
  ])("names %s as %s", (written, listed) => {
    expect(normalizePlatform(written)).toBe(listed);
  });
});

describe("an image that is there, and can't be read", () => {
  const look = () => findImageBySource(ecrOnly(), "shop/ui", "r", "ui", "abc", signal);
  const fails = (failureCode: ImageFailureCode) =>
    ecr.on(BatchGetImageCommand).resolves({ images: [], failures: [{ failureCode, failureReason: "why" }] });
  const problemOf = () =>
    look().then(
      () => undefined,
      (error: UserError) => error.problems[0],
    );

  it.each(["KmsError", "ImageInaccessible", "UpstreamUnavailable", "UpstreamAccessDenied"] as const)(
    "for %s is not taken for one that is not there",
    async (code) => {
      fails(code);
      expect(await problemOf()).toMatchObject({
        code: "image-unavailable",
        where: "shop/ui:src-abc",
        message: expect.stringContaining(`${code} (why)`),
      });
    },
  );

  it.each(["ImageNotFound", "InvalidImageTag", "ImageTagDoesNotMatchDigest"] as const)(
    "is another thing than %s",
    async (code) => {
      fails(code);
      expect(await look()).toBeUndefined();
    },
  );

  // Which of the two AWS answers is not documented.
  it.each(["ImageNotFound", "ImageInaccessible"] as const)(
    "is known to be archived where BatchGetImage says %s",
    async (code) => {
      fails(code);
      const detail = { imageDigest: sha("1"), imageStatus: "ARCHIVED" as const };
      ecr.on(DescribeImagesCommand).resolves({ imageDetails: [detail] });
      expect(await problemOf()).toMatchObject({
        code: "image-archived",
        fix: expect.stringContaining(`--image-id imageDigest=${sha("1")} --target-storage-class STANDARD`),
      });
      expect(ecr.commandCalls(DescribeImagesCommand)[0]?.args[0].input.filter).toEqual({
        imageStatus: "ANY",
      });
      ecr.on(DescribeImagesCommand).resolves({ imageDetails: [{ ...detail, imageStatus: "ACTIVATING" }] });
      expect((await problemOf())?.message).toContain("is being restored");
    },
  );

  it("stays unknown where these credentials may not describe images", async () => {
    fails("ImageNotFound");
    ecr.on(DescribeImagesCommand).rejects(new UserError({ code: "access-denied", message: "may not" }));
    expect(await look()).toBeUndefined();
  });
});

describe("finding an image by what it was built from", () => {
  it("asks for the tag of the source hash, indexes included", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(sha("1"), indexText, ociIndex));
    const image = await findImageBySource(ecrOnly(), "shop/ui", "localhost:5000", "ui", "abc", signal);
    expect(image).toEqual({
      ...location,
      digest: sha("1"),
      manifests: { "linux/amd64": sha("a"), "linux/arm64": sha("b") },
      sourceHash: "abc",
    });
    const { input } = ecr.commandCalls(BatchGetImageCommand)[0]?.args[0] ?? {};
    expect(input?.imageIds).toEqual([{ imageTag: "src-abc" }]);
    expect(input?.acceptedMediaTypes).toContain("application/vnd.docker.distribution.manifest.list.v2+json");
  });

  it("finds nothing where there is no image, or no repository", async () => {
    ecr.on(BatchGetImageCommand).resolves(notFound);
    expect(await findImageBySource(ecrOnly(), "shop/ui", "r", "ui", "abc", signal)).toBeUndefined();
    ecr.on(BatchGetImageCommand).rejects(awsError("RepositoryNotFoundException"));
    expect(await findImageBySource(ecrOnly(), "shop/ui", "r", "ui", "abc", signal)).toBeUndefined();
  });

  it("answers for many services in their order", async () => {
    ecr.on(BatchGetImageCommand).resolves(notFound);
    ecr.on(BatchGetImageCommand, { repositoryName: "shop/b" }).resolves(found(sha("2"), indexText, ociIndex));
    const wanted = ["a", "b", "c"].map((service) => ({
      service,
      repository: `shop/${service}`,
      registry: "r",
      sourceHash: "h",
    }));
    const images = await findImagesBySource(ecrOnly(), wanted, signal);
    expect(images.map((image) => image?.service)).toEqual([undefined, "b", undefined]);
  });

  it("takes the caller's word for the one platform of a plain manifest", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(sha("1"), manifestText, ociManifest));
    const image = await describeImage(
      ecrOnly(),
      { ...location, platform: "linux/arm64/v8" },
      { imageDigest: sha("1") },
      signal,
    );
    expect(image?.manifests).toEqual({ "linux/arm64": sha("1") });
  });

  it("says so when a plain manifest's platform can't be read", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(sha("1"), manifestText, ociManifest));
    ecr.on(GetDownloadUrlForLayerCommand).rejects(awsError("LayersNotFoundException"));
    const error = await describeImage(ecrOnly(), location, { imageDigest: sha("1") }, signal).catch(
      (thrown: UserError) => thrown,
    );
    expect((error as UserError).problems[0]?.code).toBe("platform-unknown");
  });

  it("names what is in the registry when it is no image", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(sha("1"), '{"schemaVersion":2}', "application/x"));
    const error = await describeImage(ecrOnly(), location, { imageTag: "v1" }, signal).catch(
      (thrown: UserError) => thrown,
    );
    expect((error as UserError).problems[0]).toMatchObject({
      code: "not-an-image",
      where: `shop/ui@${sha("1")}`,
    });
  });
});

describe("manifests of a repository that are read at the same time", () => {
  /** Tags of each digest. */
  const held: Readonly<Record<string, readonly string[]>> = {
    [sha("1")]: ["src-abc", "v1", "latest"],
    [sha("2")]: ["release-dev"],
  };
  const digestOf = ({ imageTag = "", imageDigest }: ImageIdentifier) =>
    imageDigest ?? Object.keys(held).find((digest) => held[digest]?.includes(imageTag));

  /** @param nameOf the tag that an answer names an image by, which it was asked for by another */
  function answers(nameOf: (id: ImageIdentifier) => ImageIdentifier) {
    ecr.on(BatchGetImageCommand).callsFake(async ({ imageIds = [] }: BatchGetImageCommand["input"]) => ({
      images: imageIds.flatMap((id) => {
        const imageDigest = digestOf(id);
        if (imageDigest === undefined) return [];
        return [{ imageId: { ...nameOf(id), imageDigest }, imageManifest: `text of ${imageDigest}` }];
      }),
      failures: imageIds
        .filter((id) => digestOf(id) === undefined)
        .map((imageId) => ({ imageId, failureCode: "ImageNotFound" as const })),
    }));
  }
  const asked = () => ecr.commandCalls(BatchGetImageCommand).map(({ args }) => args[0].input.imageIds);
  const read = async () => {
    const clients = ecrOnly();
    const ids = [{ imageTag: "v1" }, { imageTag: "latest" }, { imageTag: "release-dev" }, { imageTag: "v2" }];
    const found = await Promise.all(ids.map((id) => getManifest(clients, "shop/ui", id, signal)));
    return found.map((stored) => stored?.digest);
  };

  it("share a call, those that are not there included", async () => {
    answers((id) => id);
    expect(await read()).toEqual([sha("1"), sha("1"), sha("2"), undefined]);
    expect(asked()).toHaveLength(1);
  });

  it("are right also where ECR names an image by another of its tags, or by none", async () => {
    answers(({ imageTag }) => ({ imageTag: imageTag === "release-dev" ? imageTag : "src-abc" }));
    expect(await read()).toEqual([sha("1"), sha("1"), sha("2"), undefined]);
    expect(asked()).toHaveLength(3);
    ecr.reset();
    answers(() => ({}));
    expect(await read()).toEqual([sha("1"), sha("1"), sha("2"), undefined]);
  });

  it("are a hundred in a call", async () => {
    answers((id) => id);
    const clients = ecrOnly();
    const ids = Array.from({ length: 150 }, (_, index) => ({ imageTag: `v${index}` }));
    await Promise.all(ids.map((id) => getManifest(clients, "shop/ui", id, signal)));
    expect(asked().map((some) => some?.length)).toEqual([100, 50]);
  });
});
