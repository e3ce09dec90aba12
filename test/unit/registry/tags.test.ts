import { BatchGetImageCommand, ECRClient, PutImageCommand } from "@aws-sdk/client-ecr";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { UserError } from "../../../config/problems/errors.ts";
import { checkTags, judgeTags, putTags, tagMovability } from "../../../runner/registry/tags.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, ecrOnly, found, indexText, notFound, ociIndex, sha } from "./fixtures.ts";

const ecr = mockClient(ECRClient);
const { signal } = new AbortController();
const image = {
  service: "ui",
  repository: "shop/ui",
  registry: "localhost:5000",
  digest: sha("1"),
  manifests: {},
};
const immutable = { movable: tagMovability(repositories("immutable", ["*latest"])) };

function repositories(tagMutability: "immutable" | "mutable", movingTags: string[]) {
  return { tagMutability, movingTags } as Parameters<typeof tagMovability>[0];
}

function tagIsOn(tag: string, digest: string) {
  ecr
    .on(BatchGetImageCommand, { imageIds: [{ imageTag: tag }] })
    .resolves(found(digest, indexText, ociIndex));
}

beforeEach(() => {
  ecr.reset();
  ecr.on(BatchGetImageCommand).resolves(notFound);
  ecr
    .on(BatchGetImageCommand, { imageIds: [{ imageDigest: sha("1") }] })
    .resolves(found(sha("1"), indexText, ociIndex));
  ecr.on(PutImageCommand).resolves({});
});

describe("which tags may move", () => {
  it.each([
    ["latest", true],
    ["main-latest", true],
    ["src-0123", true],
    ["latest-1", false],
    ["v1.0", false],
  ])("in an immutable repository %s: %s", (tag, moves) => {
    expect(immutable.movable(tag)).toBe(moves);
  });

  it("takes everything but * literally", () => {
    const movable = tagMovability(repositories("immutable", ["v1.0"]));
    expect(movable("v1.0")).toBe(true);
    expect(movable("v1x0")).toBe(false);
  });

  it("lets every tag move in a mutable repository", () => {
    expect(tagMovability(repositories("mutable", []))("v1.0")).toBe(true);
  });
});

describe("checking tags before anything is built", () => {
  it("refuses a version that another image has", async () => {
    tagIsOn("v1.0", sha("2"));
    const check = await checkTags(ecrOnly(), "shop/ui", undefined, ["v1.0", "v1.1"], immutable, signal);
    expect(check.problems).toMatchObject([{ code: "tag-taken", where: "shop/ui:v1.0", value: "v1.0" }]);
    expect(check.toPut).toEqual(["v1.1"]);
    expect(ecr.commandCalls(PutImageCommand)).toHaveLength(0);
  });

  it("judges each tag exactly once", () => {
    const tag = fc.record({
      tag: fc.string({ minLength: 1 }),
      digest: fc.constantFrom(sha("1"), sha("2"), undefined),
    });
    const tags = fc.uniqueArray(tag, { selector: (one) => one.tag });
    fc.assert(
      fc.property(tags, fc.boolean(), (where, movable) => {
        const check = judgeTags("shop/ui", sha("1"), where, () => movable);
        const judged = [...check.present, ...check.toPut, ...check.problems.map((problem) => problem.value)];
        expect(judged.toSorted()).toEqual(where.map((one) => one.tag).toSorted());
        if (movable) expect(check.problems).toEqual([]);
      }),
    );
  });
});

describe("putting tags on an image", () => {
  it("puts the same manifest under another name, guarded by its digest", async () => {
    expect(await putTags(ecrOnly(), image, ["v1.0"], immutable, signal)).toEqual({
      put: ["v1.0"],
      present: [],
    });
    expect(ecr.commandCalls(PutImageCommand)[0]?.args[0].input).toEqual({
      repositoryName: "shop/ui",
      imageManifest: indexText,
      imageManifestMediaType: ociIndex,
      imageDigest: sha("1"),
      imageTag: "v1.0",
    });
  });

  it("does nothing for an immutable tag that is on this digest already", async () => {
    tagIsOn("v1.0", sha("1"));
    expect(await putTags(ecrOnly(), image, ["v1.0"], immutable, signal)).toEqual({
      put: [],
      present: ["v1.0"],
    });
    expect(ecr.commandCalls(PutImageCommand)).toHaveLength(0);
  });

  it("moves a moving tag", async () => {
    tagIsOn("latest", sha("2"));
    expect((await putTags(ecrOnly(), image, ["latest"], immutable, signal)).put).toEqual(["latest"]);
  });

  it("looks for nothing that an earlier check found, the manifest included", async () => {
    tagIsOn("latest", sha("1"));
    const tags = ["latest", "v1.0"];
    const checked = await checkTags(ecrOnly(), "shop/ui", sha("1"), tags, immutable, signal);
    expect(checked.stored?.digest).toBe(sha("1"));
    ecr.resetHistory();
    const done = await putTags(ecrOnly(), image, tags, { ...immutable, checked }, signal);
    expect(done).toEqual({ put: ["v1.0"], present: ["latest"] });
    expect(ecr.commandCalls(BatchGetImageCommand)).toHaveLength(0);
    expect(ecr.commandCalls(PutImageCommand)[0]?.args[0].input).toMatchObject({
      imageManifest: indexText,
      imageDigest: sha("1"),
      imageTag: "v1.0",
    });
  });

  it("reads the manifest when no tag that was looked for is on the image", async () => {
    tagIsOn("latest", sha("2"));
    const checked = await checkTags(ecrOnly(), "shop/ui", sha("1"), ["latest"], immutable, signal);
    expect(checked.stored).toBeUndefined();
    expect((await putTags(ecrOnly(), image, ["latest"], { ...immutable, checked }, signal)).put).toEqual([
      "latest",
    ]);
  });

  it("puts none when one is another image's", async () => {
    tagIsOn("v1.0", sha("2"));
    const error = await putTags(ecrOnly(), image, ["latest", "v1.0"], immutable, signal).catch(
      (thrown: UserError) => thrown,
    );
    expect((error as UserError).problems[0]?.code).toBe("tag-taken");
    expect(ecr.commandCalls(PutImageCommand)).toHaveLength(0);
  });

  it("takes it for done when somebody else was faster with the same image", async () => {
    ecr.on(PutImageCommand).rejects(awsError("ImageAlreadyExistsException"));
    expect((await putTags(ecrOnly(), image, ["v1.0"], immutable, signal)).put).toEqual(["v1.0"]);
  });

  describe("when somebody else was faster with an immutable tag", () => {
    beforeEach(() => ecr.on(PutImageCommand).rejects(awsError("ImageTagAlreadyExistsException")));

    /** The tag is free when it is looked for, and on this image after the attempt to put it. */
    function takenMeanwhileBy(digest: string) {
      ecr
        .on(BatchGetImageCommand, { imageIds: [{ imageTag: "v1.0" }] })
        .resolvesOnce(notFound)
        .resolves(found(digest, indexText, ociIndex));
    }

    it("takes it for done with the same image", async () => {
      takenMeanwhileBy(sha("1"));
      expect((await putTags(ecrOnly(), image, ["v1.0"], immutable, signal)).put).toEqual(["v1.0"]);
    });

    it("names the tag and who has it with another image", async () => {
      takenMeanwhileBy(sha("2"));
      const error = await putTags(ecrOnly(), image, ["v1.0"], immutable, signal).catch(
        (thrown: UserError) => thrown,
      );
      const [problem] = (error as UserError).problems;
      expect(problem).toMatchObject({ code: "tag-taken", value: "v1.0" });
      expect(problem?.message).toContain(`already on ${sha("2").slice(0, 19)}`);
    });
  });

  it("says so when the image already has as many tags as ECR allows", async () => {
    ecr.on(PutImageCommand).rejects(awsError("LimitExceededException"));
    const error = await putTags(ecrOnly(), image, ["v1.0"], immutable, signal).catch(
      (thrown: UserError) => thrown,
    );
    expect((error as UserError).problems[0]).toMatchObject({ code: "too-many-tags", value: "v1.0" });
  });
});
