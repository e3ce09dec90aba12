import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Retention, type RetentionPreset, retentionSchema } from "../../../config/stack/retention.ts";
import { compileRetention } from "../../../lifecycle/retention/compile.ts";
import { evaluate, type Manifest } from "./evaluate.ts";
import { brokenRules } from "./rules-of-ecr.ts";

/** Index and two platforms. */
const manifestsPerImage = 3;

/** Short texts of few letters, so that prefixes and patterns meet. */
const tagText = fc.string({ unit: fc.constantFrom("a", "b", "v", "-", "1"), minLength: 1, maxLength: 4 });
const pattern = fc.string({ unit: fc.constantFrom("a", "v", "*", "-"), minLength: 1, maxLength: 7 });
const selection = fc.oneof(
  fc.constantFrom("untagged", "any"),
  fc.record({ prefixes: fc.array(tagText, { minLength: 1, maxLength: 4 }) }),
  fc.record({ patterns: fc.array(pattern, { minLength: 1, maxLength: 4 }) }),
);
const action = fc.constantFrom(
  "keepLast",
  "expireAfterDays",
  "archiveAllButLast",
  "archiveAfterDays",
  "archiveAfterDaysUnpulled",
  "expireAfterDaysInArchive",
);
const rule = fc
  .tuple(selection, action, fc.integer({ min: 1, max: 400 }), fc.option(fc.string({ maxLength: 200 })))
  .map(([images, name, number, description]) => ({
    images,
    [name]: number,
    ...(description === null ? {} : { description }),
  }));
const description = fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 20 }) });

describe("whatever is described", () => {
  test("is refused with a reason, or compiled to what ECR takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(description, fc.integer({ min: 2, max: 6 }), (described, perImage) => {
        const parsed = retentionSchema.safeParse(described);
        if (!parsed.success) return;
        taken += 1;
        const policy = JSON.stringify(compileRetention(parsed.data, perImage));
        expect(brokenRules(policy)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    // The property would hold if everything were refused.
    expect(taken).toBeGreaterThan(50);
  });

  test("never touches what runs, or would be rolled back to", () => {
    fc.assert(
      fc.property(
        description,
        fc.array(fc.tuple(tagText, fc.integer({ min: 0, max: 1000 })), { minLength: 1, maxLength: 12 }),
        fc.constantFrom("inuse-", "lastgood-"),
        (described, pushed, prefix) => {
          const parsed = retentionSchema.safeParse(described);
          if (!parsed.success) return;
          const images = pushed.flatMap(([tag, days], index) =>
            image(`${index}`, [tag, `${prefix}${index}`, `src-${index}`], days),
          );
          const { expired, archived } = evaluate(compileRetention(parsed.data, 3), images);
          expect([...expired, ...archived]).toEqual([]);
        },
      ),
    );
  });
});

describe("prefixes and patterns", () => {
  test("are alternatives: each is a rule of its own", () => {
    const policy = compile([{ images: { prefixes: ["staging-", "main-"] }, keepLast: 1 }]);
    expect(
      policy.rules.slice(2).map(({ selection: { countNumber, ...rest } }) => [rest, countNumber]),
    ).toEqual([
      [{ tagStatus: "tagged", tagPrefixList: ["staging-"], countType: "imageCountMoreThan" }, 1],
      [{ tagStatus: "tagged", tagPrefixList: ["main-"], countType: "imageCountMoreThan" }, 1],
    ]);
    const images = [
      ...image("s1", ["staging-1"], 1),
      ...image("s2", ["staging-2"], 2),
      ...image("m", ["main-1"], 3),
    ];
    expect(evaluate(policy, images).expired).toEqual(["s2"]);
  });

  test("in one rule would select next to nothing, which is why", () => {
    const together = {
      rules: [
        {
          rulePriority: 1,
          selection: {
            tagStatus: "tagged",
            tagPrefixList: ["staging-", "main-"],
            countType: "imageCountMoreThan",
            countNumber: 1,
          },
          action: { type: "expire" },
        },
      ],
    };
    const images = [...image("s1", ["staging-1"], 1), ...image("s2", ["staging-2"], 2)];
    expect(evaluate(together, images).expired).toEqual([]);
  });
});

describe("any", () => {
  test("comes last, wherever it is written", () => {
    const policy = compile([
      { images: "any", keepLast: 5 },
      { images: "untagged", expireAfterDays: 1 },
      { images: { patterns: ["*-rc"] }, expireAfterDays: 3 },
    ]);
    expect(policy.rules.map((each) => each.selection.tagStatus)).toEqual([
      "tagged",
      "tagged",
      "untagged",
      "tagged",
      "tagged",
      "tagged",
      "any",
    ]);
  });

  test("leaves tags to a rule that is written for them", () => {
    const patterns = (rules: Parameters<typeof compile>[0]) =>
      compile(rules)
        .rules.slice(2)
        .map(({ selection }) => ({ ...selection }) as { tagPrefixList?: unknown; tagPatternList?: unknown })
        .map(({ tagPrefixList, tagPatternList }) => JSON.stringify(tagPrefixList ?? tagPatternList ?? "any"));
    const any = { images: "any", keepLast: 5 } as const;
    expect(patterns([{ images: { prefixes: ["src-"] }, keepLast: 3 }, any])).toEqual([
      '["src-"]',
      '["*"]',
      '"any"',
    ]);
    expect(patterns([{ images: { patterns: ["*"] }, keepLast: 3 }, any])).toEqual(['["*"]', '"any"']);
    expect(patterns([{ images: "any", expireAfterDays: 3 }])).toEqual(['"any"']);
  });

  test("counts images and not manifests: an index and its platforms are one", () => {
    const policy = compile([{ images: "any", keepLast: 2 }]);
    const images = [1, 2, 3, 4].flatMap((age) => image(`i${age}`, [`src-${age}`], age));
    expect(evaluate(policy, images).expired.filter((id) => !id.includes("/"))).toEqual(["i3", "i4"]);
  });
});

const policies: Record<RetentionPreset, string[]> = {
  releases: ["Keep v*: newest 10", "Expire untagged: 7 days after the push"],
  development: [
    "Expire pr-*: 3 days after the push",
    "Expire dev-*: 14 days after the push",
    "Expire untagged: 7 days after the push",
  ],
  newest: [
    "Expire scan*: 1 days after the push",
    "Keep src-*: newest 10",
    "Keep *: newest 10 (24 manifests)",
    "Keep any: newest 10 (120 manifests)",
  ],
  environments: [
    "Expire untagged: 1 days after the push",
    "Keep prod-*: newest 3",
    "Keep staging-*: newest 5",
    "Keep main-*: newest 5",
    "Expire feature-*: 7 days after the push",
    "Expire fix-*: 7 days after the push",
    "Expire dev-*: 7 days after the push",
    "Keep src-*: newest 20",
    "Keep *: newest 20 (44 manifests)",
    "Keep any: newest 20 (240 manifests)",
  ],
};

describe.each(Object.entries(policies))("the preset %s", (preset, sentences) => {
  const policy = compileRetention({ preset: preset as RetentionPreset }, manifestsPerImage);

  test("says what it does, after what it protects", () => {
    expect(policy.rules.map((each) => each.description)).toEqual([
      "Protect inuse-*: images in use, or needed for a rollback",
      "Protect lastgood-*: images in use, or needed for a rollback",
      ...sentences,
    ]);
  });

  test("is taken by ECR", () => {
    expect(brokenRules(JSON.stringify(policy))).toEqual([]);
  });
});

describe("the presets, on a repository", () => {
  test.each<[RetentionPreset, string[], number, boolean]>([
    ["releases", ["v1"], 1000, false],
    ["releases", [], 8, true],
    ["releases", [], 6, false],
    ["releases", ["abc1234"], 1000, false],
    ["development", ["pr-7"], 4, true],
    ["development", ["pr-7"], 2, false],
    ["development", ["dev-1"], 15, true],
    ["development", ["latest"], 1000, false],
    ["newest", ["scan-1"], 2, true],
    ["newest", ["d2ba07eb-20251215013040"], 1000, false],
    ["environments", ["feature-x"], 8, true],
    ["environments", ["fix-x"], 8, true],
    ["environments", ["feature-x"], 6, false],
    ["environments", ["prod-1"], 1000, false],
    ["environments", [], 2, true],
  ])("%s: an image tagged %j and %i days old goes: %s", (preset, tags, pushedDaysAgo, goes) => {
    const policy = compileRetention({ preset }, manifestsPerImage);
    expect(evaluate(policy, [{ id: "it", tags, pushedDaysAgo }]).expired).toEqual(goes ? ["it"] : []);
  });

  test("environments keeps three of prod, five of staging and five of main", () => {
    const policy = compileRetention({ preset: "environments" }, manifestsPerImage);
    const images = ["prod", "staging", "main"].flatMap((name) =>
      [1, 2, 3, 4, 5, 6].flatMap((age) => image(`${name}${age}`, [`${name}-${age}`], age)),
    );
    expect(evaluate(policy, images).expired.filter((id) => !id.includes("/"))).toEqual([
      "main6",
      "prod4",
      "prod5",
      "prod6",
      "staging6",
    ]);
  });
});

/** An image as Slipway pushes it: the index with the tags, and its platforms without. */
function image(id: string, tags: readonly string[], pushedDaysAgo: number): Manifest[] {
  return [
    { id, tags, pushedDaysAgo },
    ...["amd64", "arm64"].map((platform) => ({
      id: `${id}/${platform}`,
      tags: [],
      pushedDaysAgo,
      childOf: id,
    })),
  ];
}

function compile(rules: Extract<Retention, { rules: unknown }>["rules"]) {
  return compileRetention({ rules }, manifestsPerImage);
}
