import fc from "fast-check";
import { expect, test } from "vitest";
import { canSelect, type Retention, type RetentionPreset } from "../../../config/stack/retention.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { evaluate, type Manifest, type Reading, readings } from "./evaluate.ts";

/** Something that happens to a repository. */
type Happening =
  /** An image of a new source, built and pushed with a version. */
  | { readonly what: "build"; readonly version: string }
  /** The source of an image that there is, built once more: its source tag moves. */
  | { readonly what: "rebuild"; readonly of: number }
  /** A release of the newest image (0), or of an older one: deployed again, or rolled back to. */
  | { readonly what: "release"; readonly back: number; readonly stack: string; readonly good: boolean }
  /** A signature, a bill of materials: attached to an image by other tools. */
  | { readonly what: "attach"; readonly back: number }
  /** An image that other tools push under a tag of theirs. */
  | { readonly what: "foreign"; readonly version: string };

const versions = ["v", "prod-", "staging-", "main-", "feature-", "fix-", "dev-", "pr-", "scan", "x"];
const back = fc.integer({ min: 0, max: 30 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant("build"), version: fc.constantFrom(...versions) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("rebuild"), of: back }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant("release"),
      back: fc.oneof(fc.constant(0), back),
      stack: fc.constantFrom("dev", "dev", "prod", "test"),
      good: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("attach"), back }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("foreign"), version: fc.constantFrom(...versions) }),
  },
);

interface Image {
  readonly id: string;
  readonly pushedDaysAgo: number;
  readonly ours: boolean;
  readonly versions: readonly string[];
  readonly tags: readonly string[];
}

/** A repository after all that happened to it, the last half a day ago. */
function repositoryAfter(happenings: readonly Happening[], platforms: number, daysBetween: number) {
  const manifests: Manifest[] = [];
  const images: { id: string; version: string; ours: boolean }[] = [];
  const tags = new Map<string, string>();
  const running = new Map<string, string>();
  const ago = (index: number) => (happenings.length - index) * daysBetween + 0.5;
  const push = (id: string, pushedDaysAgo: number, more: Partial<Manifest> = {}) =>
    manifests.push({ id, tags: [], pushedDaysAgo, ...more });
  const older = (places: number) => images.filter(({ ours }) => ours).at(-1 - places);
  const pushImage = (index: number, version: string, source: string | undefined) => {
    const id = `image-${index}`;
    for (let platform = 0; platform < platforms; platform += 1) {
      push(`${id}/${platform}`, ago(index), { childOf: id });
    }
    push(id, ago(index));
    images.push({ id, version, ours: source !== undefined });
    tags.set(`${version}${index}`, id);
    if (source === undefined) return;
    tags.set(`src-${source}`, id);
    push(`source-${index}`, ago(index), { subject: id });
  };
  for (const [index, one] of happenings.entries()) {
    switch (one.what) {
      case "build":
        pushImage(index, one.version, String(index));
        break;
      case "rebuild": {
        const source = [...tags].find(([tag, id]) => tag.startsWith("src-") && id === older(one.of)?.id)?.[0];
        if (source !== undefined) pushImage(index, "x", source.slice("src-".length));
        break;
      }
      case "foreign":
        pushImage(index, one.version, undefined);
        break;
      case "attach": {
        const subject = older(one.back)?.id;
        if (subject !== undefined) push(`attached-${index}`, ago(index), { subject });
        break;
      }
      case "release": {
        const image = older(one.back)?.id;
        if (image === undefined) break;
        push(`record-${index}`, ago(index), { subject: image });
        push(`head-${index}`, ago(index));
        tags.set(`inuse-releases.${one.stack}`, `head-${index}`);
        if (!one.good) break;
        const before = running.get(one.stack);
        if (before !== undefined && before !== image) tags.set(`lastgood-${one.stack}-ecs-shop.ui`, before);
        tags.set(`inuse-${one.stack}-ecs-shop.ui`, image);
        running.set(one.stack, image);
      }
    }
  }
  const tagsOf = (id: string) => [...tags].flatMap(([tag, on]) => (on === id ? [tag] : []));
  const byId = new Map(
    manifests.map((manifest) => [manifest.id, { ...manifest, tags: tagsOf(manifest.id) }]),
  );
  return {
    manifests: [...byId.values()],
    heads: [...tags].flatMap(([tag, id]) => (tag.startsWith("inuse-releases.") ? [id] : [])),
    images: images.flatMap(({ id, ours }): Image[] => {
      const manifest = byId.get(id);
      if (manifest === undefined) return [];
      const named = manifest.tags.filter((tag) => !/^(src|inuse|lastgood)-/.test(tag));
      return [{ id, ours, pushedDaysAgo: manifest.pushedDaysAgo, versions: named, tags: manifest.tags }];
    }),
  };
}

/** A line of docs/reference/retention.md: of images whose version begins so, the newest, or the young ones. */
type Promise = { readonly of: string } & ({ readonly newest: number } | { readonly days: number });

/** What docs/reference/retention.md promises of each preset; what no line is about stays. */
const promised: Record<RetentionPreset, { byTag: Promise[]; any: number }> = {
  releases: { byTag: [{ of: "v", newest: 10 }], any: Infinity },
  development: {
    byTag: [
      { of: "pr-", days: 3 },
      { of: "dev-", days: 14 },
    ],
    any: Infinity,
  },
  newest: { byTag: [{ of: "scan", days: 1 }], any: 10 },
  environments: {
    byTag: [
      { of: "prod-", newest: 3 },
      { of: "staging-", newest: 5 },
      { of: "main-", newest: 5 },
      { of: "feature-", days: 7 },
      { of: "fix-", days: 7 },
      { of: "dev-", days: 7 },
    ],
    any: 20,
  },
};

/** The images that have to stay, by what is promised: judged by the first line that is about them. */
function mustStay(preset: RetentionPreset, images: readonly Image[]): Image[] {
  const youngestFirst = [...images].sort((a, b) => a.pushedDaysAgo - b.pushedDaysAgo);
  const { byTag, any } = promised[preset];
  return youngestFirst.filter((image) => {
    if (image.tags.some((tag) => /^(inuse|lastgood)-/.test(tag))) return true;
    const line = byTag.find(({ of }) => image.versions.some((version) => version.startsWith(of)));
    if (line === undefined) return youngestFirst.indexOf(image) < any;
    if ("days" in line) return image.pushedDaysAgo <= line.days;
    const alike = youngestFirst.filter(({ versions }) => versions.some((one) => one.startsWith(line.of)));
    return alike.indexOf(image) < line.newest;
  });
}

const presets = Object.keys(promised) as RetentionPreset[];
const nameOf = ({ countsArtifacts, countsChildren }: Reading) =>
  `artifacts ${countsArtifacts ? "count" : "don't count"}, platforms ${countsChildren ? "count" : "don't"}`;
const cases = presets.flatMap((preset) =>
  readings.map((reading) => ({ preset, reading, name: nameOf(reading) })),
);

test.each(cases)(
  "$preset keeps what is promised after any number of releases, when $name",
  ({ preset, reading }) => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 120, size: "max" }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0.01, 0.2, 1),
        (happenings, platforms, daysBetween) => {
          const { manifests, images, heads } = repositoryAfter(happenings, platforms, daysBetween);
          const policy = compileRetention({ preset }, 1 + platforms);
          const expired = new Set(evaluate(policy, manifests, reading).expired);
          const lost = mustStay(preset, images).filter(({ id }) => expired.has(id));
          expect(lost).toEqual([]);
          // The history is in the heads, however old they are.
          expect(heads.filter((id) => expired.has(id))).toEqual([]);
          for (const { id, childOf } of manifests) {
            if (childOf !== undefined && !expired.has(childOf)) expect(expired.has(id)).toBe(false);
          }
        },
      ),
      { numRuns: 25 },
    );
  },
);

test.each(cases)(
  "$preset of Slipway's own images keeps no more than that, when $name",
  ({ preset, reading }) => {
    const history = Array.from({ length: 60 }, (_, index): Happening[] => [
      { what: "build", version: "x" },
      ...Array.from(
        { length: index % 4 },
        (): Happening => ({
          what: "release",
          back: 0,
          stack: "dev",
          good: false,
        }),
      ),
    ]).flat();
    const { manifests, images } = repositoryAfter(history, 2, 0.01);
    const policy = compileRetention({ preset }, 3);
    const expired = new Set(evaluate(policy, manifests, reading).expired);
    const kept = images.filter(({ id }) => !expired.has(id)).length;
    expect(kept).toBe(Math.min(promised[preset].any, 60));
  },
);

test("a rule for tags that Slipway's own begin with counts its records beside the images", () => {
  const rules: Extract<Retention, { rules: unknown }>["rules"] = [
    { images: { patterns: ["*"] }, keepLast: 5 },
    { images: "untagged", expireAfterDays: 1 },
  ];
  const history = Array.from({ length: 20 }, (): Happening[] => [
    { what: "build", version: "x" },
    ...["dev", "prod", "test"].map((stack): Happening => ({ what: "release", back: 0, stack, good: false })),
  ]).flat();
  const { manifests, images } = repositoryAfter(history, 2, 1);
  for (const reading of readings) {
    const expired = new Set(evaluate(compileRetention({ rules }, 3), manifests, reading).expired);
    const newest = images.slice(-5).map(({ id }) => id);
    expect(newest.filter((id) => expired.has(id))).toEqual([]);
  }
});

test.each([
  ["*", true],
  ["*.*", true],
  ["in*", true],
  ["*-releases.*", true],
  ["*dev", true],
  ["v*", false],
  ["src-*", false],
  ["*-rc", true],
  ["release-*", false],
])("whether %s can select a release record: %s", (tag, can) => {
  expect(canSelect({ kind: "pattern", tag }, "inuse-releases.")).toBe(can);
});
