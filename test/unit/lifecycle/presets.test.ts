import { describe, expect, test } from "vitest";
import { type RetentionPreset, retentionPresets } from "../../../config/stack/retention.ts";
import { expectedPushes } from "../../../lifecycle/forecast.ts";
import { outlookOf } from "../../../lifecycle/outlook.ts";
import { readingName, readings } from "../../../lifecycle/reading.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { timelineOf } from "../../../lifecycle/timeline.ts";
import { now } from "./arbitrary.ts";
import { type YearImage, yearOf } from "./year.ts";

/** The table of docs/reference/retention.md: the newest of a kind, or those that are younger. */
type Promised = Readonly<Record<string, { readonly newest: number } | { readonly days: number }>>;

const promised: Readonly<Record<RetentionPreset, Promised>> = {
  releases: { v: { newest: 10 } },
  development: { "pr-": { days: 3 }, "dev-": { days: 14 } },
  newest: { scan: { days: 1 }, any: { newest: 10 } },
  environments: {
    "prod-": { newest: 3 },
    "staging-": { newest: 5 },
    "main-": { newest: 5 },
    "feature-": { days: 7 },
    "fix-": { days: 7 },
    "dev-": { days: 7 },
    any: { newest: 20 },
  },
};

/** The images that a preset promises to keep, newest first. */
function promisedOf(preset: RetentionPreset, pushed: readonly YearImage[]): readonly string[] {
  const newest = pushed.toSorted((one, other) => one.age - other.age);
  return newest.flatMap((image) => {
    if (image.isKept) return [image.digest];
    const line = promised[preset][image.kind] ?? promised[preset].any;
    if (line === undefined) return [image.digest];
    if ("days" in line) return image.age <= line.days ? [image.digest] : [];
    const alike =
      promised[preset][image.kind] === undefined ? newest : newest.filter(({ kind }) => kind === image.kind);
    return alike.indexOf(image) < line.newest ? [image.digest] : [];
  });
}

const repositories = [
  { name: "of one platform", platforms: 1, perDay: 1 },
  { name: "of two platforms", platforms: 2, perDay: 1 },
  { name: "of three platforms, busy", platforms: 3, perDay: 6 },
];

describe.each(retentionPresets)("%s keeps what the documentation says", (preset) => {
  test.each(repositories)("in a year $name, by every reading", (year) => {
    const { images, pushed } = yearOf(year);
    const policy = compileRetention({ preset }, year.platforms === 1 ? 1 : 1 + year.platforms);
    const expected = promisedOf(preset, pushed);
    const { any } = promised[preset];
    const more = any !== undefined && "newest" in any ? any.newest : 0;
    for (const reading of readings) {
      const fates = timelineOf(policy, images, { now, until: now, reading });
      const kept = pushed.filter(({ digest }) => !fates.has(digest)).map(({ digest }) => digest);
      const lost = expected.filter((digest) => !kept.includes(digest));
      expect([readingName(reading), lost]).toEqual([readingName(reading), []]);
      // Rules that don't count what earlier rules select keep their number of the others.
      if (reading.countsClaimed) expect(kept.toSorted()).toEqual(expected.toSorted());
      else expect(kept.length).toBeLessThanOrEqual(expected.length + more);
      // What an image needs to run, and the history, stay with it.
      const stays = new Set(kept);
      const incomplete = images.filter(
        ({ digest, children }) => stays.has(digest) && children.some((child) => fates.has(child)),
      );
      expect(incomplete).toEqual([]);
      expect(fates.has("sha256:head")).toBe(false);
    }
  });
});

test("the cache repository keeps what a tag is on, and a replaced cache for a day", () => {
  const policy = {
    rules: [
      {
        rulePriority: 1,
        description: "",
        selection: {
          tagStatus: "untagged",
          countType: "sinceImagePushed",
          countUnit: "days",
          countNumber: 1,
        },
        action: { type: "expire" },
      } as const,
    ],
  };
  const at = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
  const outlook = outlookOf(
    policy,
    [
      { digest: "current", tags: ["ui-linux-amd64"], pushedAt: at(900), children: [] },
      { digest: "replaced", tags: [], pushedAt: at(23), children: [] },
      { digest: "old", tags: [], pushedAt: at(25), children: [] },
    ],
    { now },
  );
  expect([...outlook.keys()].toSorted()).toEqual(["old", "replaced"]);
  expect(outlook.get("old")?.expires?.first).toEqual(now);
  expect(outlook.get("replaced")?.expires?.first).toEqual(at(-1));
});

describe("a forecast", () => {
  const isMoving = (tag: string) => /^(inuse|lastgood)-/.test(tag);
  const { images } = yearOf({ platforms: 2, perDay: 1, days: 60 });

  test("repeats the pushes of the last days, whole", () => {
    const pushes = expectedPushes(images, now, { days: 30, isMoving });
    const indexes = pushes.filter(({ children }) => children.length > 0);
    expect(indexes).toHaveLength(30);
    for (const { children, pushedAt, tags } of indexes) {
      expect(pushes.filter(({ digest }) => children.includes(digest))).toHaveLength(2);
      expect(pushedAt.getTime()).toBeGreaterThan(now.getTime());
      expect(tags.some(isMoving)).toBe(false);
    }
    const known = new Set([...images, ...pushes].map(({ digest }) => digest));
    expect(pushes.filter(({ subject }) => subject !== undefined && !known.has(subject))).toEqual([]);
  });

  test("says that more goes the more is pushed", () => {
    const policy = compileRetention({ preset: "newest" }, 3);
    const until = new Date(now.getTime() + 30 * 86_400_000);
    const going = (perDay: number) => {
      const pushes = expectedPushes(images, now, { days: 30, isMoving, perDay });
      const outlook = outlookOf(policy, [...images, ...pushes], { now, until });
      return images.filter(({ digest }) => outlook.has(digest)).length;
    };
    const none = outlookOf(policy, images, { now, until });
    expect(going(0)).toBe(images.filter(({ digest }) => none.has(digest)).length);
    expect(going(1)).toBeGreaterThan(going(0));
  });
});
