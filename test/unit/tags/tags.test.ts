import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tagFormats, tagPresets, tagsSchema } from "../../../config/stack/tags.ts";
import { unknownPullRequest } from "../../../runner/git/ci.ts";
import type { TagSource } from "../../../runner/tags/facts.ts";
import { planTags } from "../../../runner/tags/tags.ts";
import { branchPart, sanitizeTag } from "../../../runner/tags/text.ts";
import { revision } from "../git/revisions.ts";

const source: TagSource = { stack: "dev", version: undefined, revision: revision() };
const onMain: TagSource = { ...source, revision: revision({ branch: "main" }) };
const valid = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The plan of formats as they are written in a stack's file. */
function plan(formats: unknown, given: TagSource) {
  return planTags(tagFormats(tagsSchema.parse(formats)), given);
}

describe("tags", () => {
  test.each([
    ["{sha7}", "0123456"],
    ["commit-{sha7}", "commit-0123456"],
    ["{sha8}-{timestamp}", "01234567-20260504030201"],
    ["{date-time}", "20260504-030201"],
    ["{branch}-{sha7}", "feature-Big-Thing-0123456"],
    ["{branch}-latest", "feature-Big-Thing-latest"],
    ["dev-latest", "dev-latest"],
    ["{stack}", "dev"],
  ])("%s makes %s", (format, tag) => {
    expect(plan([format], source).tags).toEqual([tag]);
  });

  test("are the version, too, when there is one; each once", () => {
    const v1 = { ...onMain, version: "v1.2.3" };
    expect(plan(["{version}", "{sha7}"], v1).tags).toEqual(["v1.2.3", "0123456"]);
    expect(plan(["latest"], v1).tags).toEqual(["latest", "v1.2.3"]);
    expect(plan(["{version}", "v1.2.3"], v1).tags).toEqual(["v1.2.3"]);
  });

  test("say why they are there, and which were left out and why", () => {
    const { planned, leftOut } = plan({ preset: "commits" }, onMain);
    expect(planned).toEqual([
      { tag: "0123456", format: "{sha7}", reason: "the commit", moves: false },
      { tag: "20260504-030201", format: "{date-time}", reason: "the commit's time, UTC", moves: false },
      { tag: "latest", format: "latest", reason: "the main branch, main", moves: true },
    ]);
    expect(leftOut).toEqual([{ format: "pr-{pr}", reason: "not a pull request", because: "condition" }]);
  });

  test("leave out what nothing is known for, and say why", () => {
    const { tags, leftOut } = plan(["{version}", "{sha7}", "{branch}", "dev-latest"], {
      ...source,
      revision: undefined,
    });
    expect(tags).toEqual(["dev-latest"]);
    expect(leftOut.map(({ format, because }) => [format, because])).toEqual([
      ["{version}", "unknown"],
      ["{sha7}", "unknown"],
      ["{branch}", "unknown"],
    ]);
  });

  test("that name a commit say when it is not all of what was built", () => {
    const { tags } = plan(["{sha7}", "{date-time}", "{branch}-latest", "{version}"], {
      ...source,
      version: "v1",
      uncommittedSource: "fedcba9876543210",
    });
    expect(tags).toEqual([
      "0123456-dirty-fedcba98",
      "20260504-030201-dirty-fedcba98",
      "feature-Big-Thing-latest",
      "v1",
    ]);
  });

  test("of a git tag say so, too, and its short forms are left out", () => {
    const { tags } = plan(
      { preset: "semver" },
      {
        ...onMain,
        revision: revision({ branch: "main", tagsHere: ["v1.2.3"], versionTags: ["v1.2.3"] }),
        uncommittedSource: "fedcba9876543210",
      },
    );
    expect(tags).toEqual(["0123456-dirty-fedcba98", "1.2.3-dirty-fedcba98"]);
  });
});

describe("latest", () => {
  test.each([
    ["on the main branch", onMain, ["latest"]],
    [
      "on a branch called main where nobody says which is",
      { ...source, revision: revision({ branch: "main", mainBranch: undefined }) },
      ["latest"],
    ],
    ["on another branch", source, []],
    ["on main when the main branch is trunk", { ...onMain, mainBranch: "trunk" }, []],
    [
      "on trunk when that is the setting",
      { ...source, mainBranch: "trunk", revision: revision({ branch: "trunk" }) },
      ["latest"],
    ],
    ["on a detached head", { ...source, revision: revision({ branch: undefined }) }, []],
    [
      "in a fork's pull request from its own main",
      { ...source, revision: revision({ branch: "main", pullRequest: "7" }) },
      [],
    ],
    ["for a pre-release on main", { ...onMain, version: "v2.0.0-rc.1" }, ["v2.0.0-rc.1"]],
    ["without git", { ...source, revision: undefined }, []],
  ] satisfies [string, TagSource, string[]][])("%s: %j", (_, given, tags) => {
    expect(plan(["latest"], given).tags).toEqual(tags);
  });

  test("of releases is the newest release only", () => {
    const tagged = (...versionTags: string[]) => ({
      ...source,
      version: "v1.4.2",
      revision: revision({ versionTags }),
    });
    const latest = [{ format: "latest", when: "release" }, "{version}"];
    expect(plan(latest, tagged("v1.4.1", "v1.5.0-rc.1")).tags).toEqual(["latest", "v1.4.2"]);
    expect(plan(latest, tagged("v2.0.0")).tags).toEqual(["v1.4.2"]);
    expect(plan(latest, tagged("v2.0.0")).leftOut[0]?.reason).toBe("v2.0.0 is newer");
  });
});

test("a pull request moves no branch's tag: the branch may be a fork's main", () => {
  const fork = { ...source, revision: revision({ branch: "main", pullRequest: "7" }) };
  expect(plan({ preset: "environments" }, fork).tags).toEqual(["01234567", "main-01234567", "dev"]);
});

describe("a semantic version", () => {
  test.each([
    ["v1.2.3", [], ["1.2.3", "1.2", "1"]],
    ["1.2.3", [], ["1.2.3", "1.2", "1"]],
    ["v1.2.3", ["v1.3.0"], ["1.2.3", "1.2"]],
    ["v1.2.3", ["v1.2.4"], ["1.2.3"]],
    ["v1.2.3", ["v2.0.0"], ["1.2.3", "1.2", "1"]],
    ["v0.7.1", [], ["0.7.1", "0.7"]],
    ["v2.0.0-rc.1", [], ["2.0.0-rc.1"]],
    ["v1.2.3+build.5", [], ["1.2.3", "1.2", "1"]],
  ])("%s with %j makes %j", (version, versionTags, tags) => {
    const formats = ["{semver}", "{major}.{minor}", "{major}"];
    expect(plan(formats, { ...source, version, revision: revision({ versionTags }) }).tags).toEqual(tags);
  });

  test("is asked for by name when it is none and the strategy has a place for one", () => {
    const { problems } = plan(["{semver}"], { ...source, version: "hotfix" });
    expect(problems).toMatchObject([{ code: "not-semver", where: "--version", value: "hotfix" }]);
  });

  test("may be any text where the strategy has no such place", () => {
    expect(plan(["{sha7}"], { ...source, version: "jwt auth/2" })).toMatchObject({
      tags: ["0123456", "jwt-auth-2"],
      problems: [],
    });
  });

  test("comes from the git tag on the commit, the highest one, when none is given", () => {
    const tagsHere = ["v1.9.0", "v1.10.0", "vendor-update", "v1.10.0-rc.1"];
    const tagged = { ...source, revision: revision({ tagsHere, versionTags: tagsHere }) };
    expect(plan(["{version}"], tagged).tags).toEqual(["v1.10.0"]);
    expect(plan(["{version}"], { ...tagged, version: "v3.0.0" }).tags).toEqual(["v3.0.0"]);
  });
});

describe("a tag's length", () => {
  test("is checked for a version: 129 characters are refused, with the value", () => {
    const version = "v".padEnd(129, "1");
    const { tags, problems } = plan(["{sha7}"], { ...source, version });
    expect(tags).toEqual(["0123456"]);
    expect(problems).toMatchObject([{ code: "unusable-tag", where: "--version", value: version }]);
    expect(problems[0]?.message).toContain("129 characters");
    expect(plan(["{sha7}"], { ...source, version: version.slice(1) }).problems).toEqual([]);
  });

  test("is kept by cutting the branch, whose end and the rest of the format stay told apart", () => {
    const long = (end: string) => ({
      ...source,
      revision: revision({ branch: `feature/${"x".repeat(200)}${end}` }),
    });
    const [a] = plan(["{branch}-{sha8}-latest"], long("a")).tags;
    const [b] = plan(["{branch}-{sha8}-latest"], long("b")).tags;
    expect(a).toMatch(/^feature-x+-[0-9a-f]{8}-01234567-latest$/);
    expect(a).toHaveLength(128);
    expect(a).not.toBe(b);
  });

  test("and letters are what registries take, whatever the branch is called", () => {
    const name = fc.string({ unit: fc.constantFrom(..."aB9_.-/ ~é漢🙂\0\n"), minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        name,
        fc.constantFrom("{branch}", "{branch}-latest", "x-{branch}-{sha}"),
        (branch, format) => {
          const { tags } = plan([format], { ...source, revision: revision({ branch }) });
          expect(tags).toHaveLength(1);
          for (const tag of tags) expect(tag).toMatch(valid);
        },
      ),
    );
  });

  test("of a branch never makes two branches one, but for a slash and a hyphen", () => {
    const name = fc.string({ unit: fc.constantFrom(..."ab.-/é🙂"), minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 16, max: 30 }), (a, b, room) => {
        fc.pre(a.replaceAll("/", "-") !== b.replaceAll("/", "-"));
        expect(branchPart(a, room)).not.toBe(branchPart(b, room));
        expect(branchPart(a, room).length).toBeLessThanOrEqual(room);
      }),
    );
  });

  test("does not change what is right already", () => {
    const right = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}[A-Za-z0-9_]$/);
    fc.assert(
      fc.property(right, (tag) => {
        expect(sanitizeTag(tag)).toBe(tag);
      }),
    );
  });

  test("is nothing for a version of emoji alone: refused", () => {
    expect(plan([], { ...source, version: "🚀" }).problems).toMatchObject([
      { code: "unusable-tag", where: "--version", value: "🚀" },
    ]);
  });
});

test("every preset makes at least one tag of any commit, none of them twice", () => {
  for (const formats of Object.values(tagPresets)) {
    for (const given of [
      source,
      onMain,
      { ...source, version: "v1.2.3" },
      { ...source, revision: revision({ pullRequest: "7" }) },
    ]) {
      const { tags, problems } = planTags(formats, given);
      expect(problems).toEqual([]);
      expect(new Set(tags).size).toBe(tags.length);
      expect(tags).not.toEqual([]);
    }
  }
});

describe("tags that Slipway keeps for itself", () => {
  const reserved = [
    "src-0123",
    "inuse-prod-ecs-a",
    "lastgood-x",
    "inuse-releases.prod",
    "sha256-abc",
    "-src-x",
  ];

  test.each(reserved)("a version can't be %s", (version) => {
    const { tags, problems } = plan(["{sha7}", "{version}"], { ...source, version });
    expect(tags).toEqual(["0123456"]);
    expect(problems).toMatchObject([{ code: "reserved-tag", where: "--version", value: version }]);
  });

  test.each(reserved)("a version that no format has a place for can't be %s", (version) => {
    const { problems } = plan(["{sha7}"], { ...source, version });
    expect(problems).toMatchObject([{ code: "reserved-tag", where: "--version" }]);
  });

  test.each(["src-fix", "inuse/x", "sha256-check", "lastgood-1"])(
    "branch %s makes none of them",
    (branch) => {
      const given = { ...source, revision: revision({ branch }) };
      const { tags, problems, leftOut } = plan(["{sha7}", "{branch}-{sha8}", "{branch}-latest"], given);
      expect(tags).toEqual(["0123456"]);
      expect(problems).toEqual([]);
      expect(leftOut).toMatchObject([{ because: "unknown" }, { because: "unknown" }]);
    },
  );

  test("a format of letters that go away is refused in the stack's file", () => {
    const { problems } = plan(["/src-{sha7}"], source);
    expect(problems).toMatchObject([{ code: "reserved-tag", key: "slipway:tags", value: "/src-{sha7}" }]);
  });

  test("what only looks like them is a tag", () => {
    expect(plan(["{version}"], { ...source, version: "source-1" }).tags).toEqual(["source-1"]);
  });
});

test("a pull request of a number that nobody told gets no tag of that number", () => {
  const given = { ...source, revision: revision({ pullRequest: unknownPullRequest }) };
  const { tags, leftOut } = plan(["{sha7}", "pr-{pr}", "latest"], given);
  expect(tags).toEqual(["0123456"]);
  expect(leftOut.map(({ format }) => format)).toEqual(["pr-{pr}", "latest"]);
});
