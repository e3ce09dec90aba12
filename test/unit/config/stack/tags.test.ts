import { describe, expect, test } from "vitest";
import { checkStack } from "../../../../config/description/check.ts";
import { problemsIn } from "../../../../config/description/load.ts";
import { parseSettings } from "../../../../config/description/settings.ts";
import {
  immovableFormats,
  matchesWildcard,
  moves,
  tagFormats,
  tagsSchema,
} from "../../../../config/stack/tags.ts";

const file = "Pulumi.prod.yaml";

function problemsWith(config: Record<string, unknown>) {
  const settings = parseSettings({ "aws:region": "eu-west-1", ...config }, "prod", file);
  if (!("value" in settings)) return problemsIn(settings);
  return checkStack({ directory: "/", catalogue: { services: [] }, settings: settings.value });
}

describe("slipway:tags", () => {
  test("is a list of formats, of formats with a condition, or a preset with more", () => {
    expect(tagFormats(tagsSchema.parse(["{sha7}", "latest", { format: "x", when: "tag" }]))).toEqual([
      { format: "{sha7}", when: "any" },
      { format: "latest", when: "main" },
      { format: "x", when: "tag" },
    ]);
    expect(tagFormats(tagsSchema.parse({ preset: "commit-time", add: ["{stack}"] }))).toEqual([
      { format: "{sha8}-{timestamp}", when: "any" },
      { format: "{stack}", when: "any" },
    ]);
  });

  test.each([
    [["{shah}"], "slipway:tags[0]", /\{shah\} is not a placeholder; use one of: \{sha7\}/],
    [["x".repeat(129)], "slipway:tags[0]", /128/],
    [{ preset: "comits" }, "slipway:tags.preset", /did you mean "commits"\? \(one of: given, commits/],
    [[{ format: "x", when: "mian" }], "slipway:tags[0].when", /did you mean "main"\? \(one of: any, main/],
  ])("refuses %j", (tags, key, message) => {
    const [problem] = problemsWith({ "slipway:tags": tags });
    expect(problem).toMatchObject({ where: file, key });
    expect(`${problem?.message} ${problem?.fix}`).toMatch(message);
  });
});

test.each([
  ["{sha7}", false],
  ["pr-{pr}-{sha8}", false],
  ["{version}", false],
  ["{major}.{minor}", true],
  ["{branch}-latest", true],
  ["{stack}", true],
  ["latest", true],
])("%s goes from image to image: %s", (format, expected) => {
  expect(moves(format)).toBe(expected);
});

test.each([
  ["*latest", "main-latest", true],
  ["*latest", "latest-1", false],
  ["v1.0", "v1x0", false],
  ["a*b*", "a-b", true],
])("the filter %s matches %s: %s", (filter, text, expected) => {
  expect(matchesWildcard(filter, text)).toBe(expected);
});

describe("moving tags in immutable repositories", () => {
  const any = (...formats: string[]) => formats.map((format) => ({ format, when: "any" as const }));

  test("need a filter that lets all of them move, whatever the branch is", () => {
    const formats = any("{sha7}", "latest", "{branch}-latest", "pr-{pr}", "{stack}");
    expect(immovableFormats(formats, ["*latest"], "prod")).toEqual(["pr-{pr}", "{stack}"]);
    expect(immovableFormats(formats, ["*latest", "pr-*", "prod"], "prod")).toEqual([]);
    expect(immovableFormats(any("{branch}-latest"), ["main-latest"], "prod")).toEqual(["{branch}-latest"]);
  });

  test("are refused when the stack is read, each with the filter that is missing", () => {
    const found = problemsWith({
      "slipway:repositories": { tagMutability: "immutable" },
      "slipway:tags": { preset: "environments", add: ["pr-{pr}", "{major}.{minor}"] },
    });
    expect(found.map(({ code, value }) => [code, value])).toEqual([
      ["immovable-tag", "{stack}"],
      ["immovable-tag", "pr-{pr}"],
      ["immovable-tag", "{major}.{minor}"],
    ]);
    expect(found[0]?.fix).toContain('add "prod" to slipway:repositories.movingTags');
    expect(found[1]?.fix).toContain('add "pr-*" to slipway:repositories.movingTags');
    expect(found[2]?.fix).toContain("tagMutability: mutable");
  });

  test("are nobody's business in mutable ones", () => {
    expect(problemsWith({ "slipway:tags": { preset: "environments" } })).toEqual([]);
  });
});

test("formats that would take Slipway's own tags are refused", () => {
  const found = problemsWith({
    "slipway:tags": ["inuse-{stack}", "{sha7}", "sha256-{sha8}", "release-{version}"],
  });
  expect(found.filter(({ code }) => code === "reserved-tag").map(({ value }) => value)).toEqual([
    "inuse-{stack}",
    "sha256-{sha8}",
  ]);
});
