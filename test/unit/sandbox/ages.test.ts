import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { imagesOf } from "../../../sandbox/age.ts";
import { describeAged } from "../../../sandbox/commands/text.ts";
import { releaseTag, yearOfImages } from "../../../sandbox/demo/year.ts";
import { ageImages } from "../../../sandbox/ecr/ages/age-images.ts";
import type { AgeRequest } from "../../../sandbox/ecr/ages/request.ts";
import { type Ages, openAges } from "../../../sandbox/ecr/ages/store.ts";
import type { Backend } from "../../../sandbox/ecr/backend.ts";

const now = 1_800_000_000;
const day = 86_400;
const repository = "shop/ui";

/** What the emulator has, in the order of its pushes. */
const held = [
  { digest: "old", tags: ["v1"], manifest: {} },
  { digest: "amd64", tags: [], manifest: {} },
  { digest: "index", tags: ["v2", "latest"], manifest: { manifests: [{ digest: "amd64" }] } },
  { digest: "sbom", tags: [], manifest: { subject: { digest: "amd64" } } },
  { digest: "new", tags: ["v3"], manifest: {} },
];
const emulator = () => ({
  imageDetails: held.map(({ digest, tags }) => ({
    imageDigest: digest,
    imageTags: tags,
    imagePushedAt: now,
  })),
});
const backend = {
  call: async () => emulator(),
  manifest: async (_: string, digest: string) => ({
    mediaType: "",
    text: JSON.stringify(held.find((one) => one.digest === digest)?.manifest),
  }),
} as unknown as Backend;

let directory: string;
let ages: Ages;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-ages-"));
  ages = await openAges(directory);
});

const age = (images: AgeRequest["images"]) => ageImages({ repository, images }, { backend, ages }, now);

interface Described {
  readonly imageDigest: string;
  readonly imagePushedAt: number;
  readonly lastRecordedPullTime?: number;
}
const described = (from = ages, answer: object = emulator()) =>
  (from.applied(repository, answer) as { imageDetails: Described[] }).imageDetails;
const daysAgo = (details = described()) =>
  Object.fromEntries(
    details.map(({ imageDigest, imagePushedAt }) => [imageDigest, (now - imagePushedAt) / day]),
  );

describe("dates in the past", () => {
  test("are those of one image, its platforms and its evidence, and no other's", async () => {
    const aged = await age([{ image: "latest", pushedDaysAgo: 90, pulledDaysAgo: 3 }]);
    expect(aged.images).toMatchObject([{ digest: "index", tags: ["v2", "latest"], parts: 2 }]);
    expect(daysAgo()).toEqual({ old: 0, amd64: 90, index: 90, sbom: 90, new: 0 });
    const pulled = described().map(({ lastRecordedPullTime }) => lastRecordedPullTime);
    expect(pulled).toEqual([undefined, now - 3 * day, now - 3 * day, now - 3 * day, undefined]);
    expect(describeAged(repository, aged)).toContain("v2, latest (with 2 parts), last pulled");
  });

  test("are spread over days in the order of the pushes, the parts of an image together", async () => {
    await age({ over: 400 });
    expect(daysAgo()).toEqual({ old: 300, amd64: 200, index: 200, sbom: 200, new: 100 });
  });

  test("stay over a restart, until all is forgotten", async () => {
    await age([{ pushedDaysAgo: 10 }]);
    expect(daysAgo(described(await openAges(directory))).old).toBe(10);
    await ages.clear();
    expect(daysAgo(described(await openAges(directory))).old).toBe(0);
  });

  test("are not those of an image that was deleted and pushed again", async () => {
    await age([{ pushedDaysAgo: 10 }]);
    const again = { imageDetails: [{ imageDigest: "old", imageTags: [], imagePushedAt: now + 60 }] };
    expect(described(ages, again)[0]?.imagePushedAt).toBe(now + 60);
  });

  test("are refused for an image that is not there, or only as a part", async () => {
    await expect(age([{ image: "v9", pushedDaysAgo: 1 }])).rejects.toThrow("shop/ui has no image v9");
    await expect(age([{ image: "amd64", pushedDaysAgo: 1 }])).rejects.toThrow("only as a part of another");
  });
});

describe("the options of sandbox age", () => {
  const none = { days: undefined, over: undefined, image: undefined, pulledDays: undefined };

  test("name one image or all, or spread all", () => {
    expect(imagesOf({ ...none, days: 90 })).toEqual([{ pushedDaysAgo: 90 }]);
    expect(imagesOf({ ...none, days: 90, image: "v1", pulledDays: 2 })).toEqual([
      { image: "v1", pushedDaysAgo: 90, pulledDaysAgo: 2 },
    ]);
    expect(imagesOf({ ...none, over: 365 })).toEqual({ over: 365 });
  });

  test.each([
    ["neither", none, /is needed, or --over/],
    ["both", { ...none, days: 1, over: 2 }, /is needed, or --over/],
    ["one image for a spread", { ...none, over: 2, image: "v1" }, /for all images/],
    ["a pull before the push", { ...none, days: 1, pulledDays: 2 }, /before it was pushed/],
    ["days to come", { ...none, days: -1 }, /days before now/],
  ])("refuse %s", (_, options, message) => {
    expect(() => imagesOf(options)).toThrow(message);
  });
});

test("the year of the demo is the same each time, and has a release every ten days", () => {
  const year = yearOfImages();
  expect(year).toEqual(yearOfImages());
  expect(new Set(year.map(({ digest }) => digest)).size).toBe(year.length);
  const tags = year.flatMap((image) => image.tags);
  expect(new Set(tags).size).toBe(tags.length);
  expect(year.find((image) => image.tags.includes(releaseTag(0)))?.pushedDaysAgo).toBe(3);
  expect(releaseTag(5)).toBe("v1.30.0");
});
