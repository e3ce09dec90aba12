import { describe, expect, test } from "vitest";
import { bytesByKind, countHolders, distinctBytes, freedInOrder } from "../../../lifecycle/bytes.ts";
import { calendarOf } from "../../../lifecycle/calendar.ts";
import type { StoredImage } from "../../../lifecycle/image.ts";
import { lintPolicy } from "../../../lifecycle/lint.ts";
import type { LifecyclePolicy, LifecycleRule } from "../../../lifecycle/policy.ts";
import { prepare } from "../../../lifecycle/prepare.ts";
import { archiveCost, archiveSaving, listPrices, pricesOf, storageCost } from "../../../lifecycle/prices.ts";
import { imageWhats, whatOf } from "../../../lifecycle/what.ts";
import { daysAgo, now } from "./arbitrary.ts";

const holder = (...names: string[]) => ({ blobs: names.map((digest) => ({ digest, bytes: 10 })) });

describe("bytes", () => {
  test("are those of distinct layers, and not the sum of the images", () => {
    expect(distinctBytes([holder("base", "a"), holder("base", "b"), holder("base", "b")])).toBe(30);
  });

  test("are freed by the last image that has the layer", () => {
    const [one, two, three] = [holder("base", "a"), holder("base", "b"), holder("base", "b", "b")];
    expect([...freedInOrder([one, two], countHolders([one, two, three])).values()]).toEqual([10, 0]);
    expect([...freedInOrder([one, two, three], countHolders([one, two, three])).values()]).toEqual([
      10, 0, 20,
    ]);
    // Another repository's image has the base as well.
    expect([
      ...freedInOrder([one, two, three], countHolders([one, two, three, holder("base")])).values(),
    ]).toEqual([10, 0, 10]);
  });

  test("add up to the total when they are told by kind", () => {
    const images = [
      { what: "releases" as const, ...holder("base", "a") },
      { what: "in use" as const, ...holder("base", "b") },
    ];
    const byKind = bytesByKind(images, imageWhats);
    expect(byKind.get("in use")).toBe(20);
    expect(byKind.get("releases")).toBe(10);
    expect([...byKind.values()].reduce((sum, bytes) => sum + bytes)).toBe(distinctBytes(images));
  });
});

describe("prices", () => {
  const prices = pricesOf(listPrices, "eu-central-1");

  test("are those of all regions for one that the table does not name, and say so", () => {
    expect(prices.isExact).toBe(false);
    expect(storageCost(5e9, prices)).toBeCloseTo(0.5);
    const own = { ...listPrices, regions: { "eu-central-1": { ...prices, storage: 0.2 } } };
    expect(pricesOf(own, "eu-central-1")).toMatchObject({ isExact: true, storage: 0.2 });
  });

  test("of the archive save nothing below 150 TB, and less than a third of what is above", () => {
    expect(archiveSaving(149e12, prices)).toBe(0);
    expect(archiveCost(250e12, prices)).toBeCloseTo(150_000 * 0.1 + 100_000 * 0.07);
    expect(archiveSaving(250e12, prices)).toBeCloseTo(100_000 * 0.03);
  });
});

test.each([
  [{ tags: ["v1"] }, ["PRIMARY deployment, ui:1"], "in use"],
  [{ tags: ["v1"] }, ["marked as the last good image"], "last good"],
  [{ tags: ["v1"] }, ["a rollback returns to it", "task of ui:1"], "in use"],
  [{ tags: ["pr-7", "src-a"] }, [], "pull requests"],
  [{ tags: ["src-a"] }, [], "releases"],
  [{ tags: [] }, [], "untagged"],
  [{ tags: [], subject: "x" }, [], "evidence"],
  [{ tags: ["inuse-releases.dev"] }, [], "evidence"],
  [{ tags: ["ui"], type: "application/vnd.buildkit.cacheconfig.v0" }, [], "caches"],
  [{ tags: ["v1"], archivedAt: daysAgo(1) }, [], "archive"],
])("what %o is, needed for %o: %s", (parts, reasons, what) => {
  const image = { digest: "x", pushedAt: daysAgo(9), children: [], type: "", ...parts };
  expect(whatOf(image, reasons)).toBe(what);
});

test("a platform is what its index is, of several the first that somebody would miss", () => {
  const platform = { digest: "x", pushedAt: daysAgo(9), children: [], type: "", tags: [] };
  expect(whatOf(platform, [], ["pull requests"])).toBe("pull requests");
  expect(whatOf(platform, [], ["pull requests", "releases"])).toBe("releases");
  expect(whatOf(platform, ["task of ui:1"], ["pull requests"])).toBe("in use");
});

const rule = (rulePriority: number, selection: LifecycleRule["selection"]): LifecycleRule => ({
  rulePriority,
  description: "",
  selection,
  action: { type: "expire" },
});
const tagged = (...tagPrefixList: string[]) =>
  ({ tagStatus: "tagged", tagPrefixList, countType: "imageCountMoreThan", countNumber: 1 }) as const;
const image = (digest: string, tags: string[], age: number, more: Partial<StoredImage> = {}) => ({
  digest,
  tags,
  pushedAt: daysAgo(age),
  children: [],
  ...holder(`layer of ${digest}`, "base"),
  ...more,
});

describe("lint", () => {
  const images = [
    image("a", ["v1"], 1),
    image("b", ["v1-rc"], 2),
    image("c", ["main-1"], 3),
    image("d", [], 4),
  ];
  const lint = (...rules: LifecycleRule[]) =>
    lintPolicy({ rules }, images).map(({ kind, priority, what, images: count }) => [
      kind,
      priority,
      what,
      count,
    ]);

  test("finds a rule that matches nothing, one that wants all tags at once, and one that never acts", () => {
    expect(
      lint(
        rule(1, tagged("staging-")),
        rule(2, tagged("v", "main-")),
        rule(3, tagged("v")),
        rule(4, tagged("v1-")),
      ),
    ).toEqual([
      ["never-matches", 1, "staging-*", 0],
      ["needs-all-tags", 2, "v* and main-*", 0],
      ["shadowed", 4, "v1-*", 1],
      ["untagged-without-limit", undefined, "untagged", 0],
      ["no-rule", undefined, "main-*", 1],
      ["no-rule", undefined, "untagged", 1],
    ]);
  });

  test("finds nothing odd about a policy that covers everything", () => {
    const any = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 9 } as const;
    expect(lint(rule(1, tagged("v")), rule(2, any))).toEqual([]);
  });
});

test("the calendar lists an image once, with its platforms and evidence, and what goes first comes first", () => {
  const policy: LifecyclePolicy = {
    rules: [
      rule(1, tagged("keep")),
      rule(2, { tagStatus: "any", countType: "sinceImagePushed", countUnit: "days", countNumber: 10 }),
    ],
  };
  const images = [
    image("young", ["v2"], 4),
    image("index", ["v1"], 30, { children: ["amd", "arm"] }),
    image("amd", [], 30),
    image("arm", [], 30),
    image("sbom", [], 29, { subject: "index" }),
    image("kept", ["keep"], 50),
  ];
  const calendar = calendarOf({
    prepared: prepare(policy, images),
    images,
    now,
    until: new Date(now.getTime() + 30 * 86_400_000),
  });
  expect(calendar.map(({ digest, parts, first, freedBytes }) => [digest, parts, first, freedBytes])).toEqual([
    ["index", 3, now, 40],
    ["young", 0, new Date(now.getTime() + 6 * 86_400_000), 10],
  ]);
});
