import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { branchFromCi, pathsOfStatus, type Revision, touches } from "../../../runner/image/git.ts";
import { planTags, sanitizeTag } from "../../../runner/image/tags.ts";

const revision: Revision = {
  commit: "0123456789abcdef0123456789abcdef01234567",
  committedAt: new Date("2026-05-04T03:02:01Z"),
  branch: "feature/Big-Thing",
  uncommitted: [],
};
const source = { stack: "dev", version: undefined, revision };

describe("tags", () => {
  test.each([
    ["{sha7}", "0123456"],
    ["{sha8}-{timestamp}", "01234567-20260504030201"],
    ["{date-time}", "20260504-030201"],
    ["{branch}-{sha7}", "feature-Big-Thing-0123456"],
    ["{branch}-latest", "feature-Big-Thing-latest"],
    ["latest", "latest"],
    ["{stack}", "dev"],
  ])("%s makes %s", (format, tag) => {
    expect(planTags([format], source).tags).toEqual([tag]);
  });

  test("are the version, too, when there is one; each once", () => {
    expect(planTags(["{version}", "{sha7}"], { ...source, version: "v1.2.3" }).tags).toEqual([
      "v1.2.3",
      "0123456",
    ]);
    expect(planTags(["latest"], { ...source, version: "v1.2.3" }).tags).toEqual(["latest", "v1.2.3"]);
  });

  test("leave out what nothing is known for, and say why", () => {
    const plan = planTags(["{version}", "{sha7}", "{branch}", "latest", "{shah}"], {
      ...source,
      revision: undefined,
    });
    expect(plan.tags).toEqual(["latest"]);
    expect(plan.leftOut.map(({ format }) => format)).toEqual(["{version}", "{sha7}", "{branch}", "{shah}"]);
    expect(plan.leftOut[3]?.reason).toContain("{sha7}");
  });

  test("that name a commit say when it is not all of what was built", () => {
    const formats = ["{sha7}", "{date-time}", "{branch}-latest", "{version}"];
    const { tags } = planTags(formats, { ...source, version: "v1", uncommittedSource: "fedcba9876543210" });
    expect(tags).toEqual([
      "0123456-dirty-fedcba98",
      "20260504-030201-dirty-fedcba98",
      "feature-Big-Thing-latest",
      "v1",
    ]);
  });

  test("are what registries take, whatever the branch is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."aB9_.-/ ~é漢🙂\0\n"), maxLength: 200 }), (branch) => {
        const { tags, leftOut } = planTags(["{branch}"], { ...source, revision: { ...revision, branch } });
        expect(tags.length + leftOut.length).toBe(1);
        for (const tag of tags) expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
      }),
    );
  });

  test("stay as they are when they are right already", () => {
    const right = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}[A-Za-z0-9_]$/);
    fc.assert(
      fc.property(right, (tag) => {
        expect(sanitizeTag(tag)).toBe(tag);
      }),
    );
  });
});

test.each([
  [{ GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" }, "main"],
  [{ GITHUB_REF_NAME: "12/merge", GITHUB_HEAD_REF: "topic" }, "topic"],
  [{ GITHUB_REF_NAME: "v1.0.0", GITHUB_REF_TYPE: "tag", GITHUB_HEAD_REF: "" }, undefined],
  [{}, undefined],
])("the branch that CI says it builds: %o", (environment, branch) => {
  expect(branchFromCi(environment)).toBe(branch);
});

test("paths out of git status are relative to the project's folder, whatever they are called", () => {
  const status = " M app/services/ui/a b.txt\0?? app/new/\0 D other/file\0A  app/Ümlaut\0";
  expect(pathsOfStatus(status, "app/")).toEqual(["services/ui/a b.txt", "new/", "Ümlaut"]);
});

test.each([
  [["services/ui/page.html"], ["services/ui"], true],
  [["services/ui-old/page.html"], ["services/ui"], false],
  [["services/"], ["services/ui/"], true],
  [["services/ui/Dockerfile"], ["./services/ui/Dockerfile"], true],
  [["README.md"], ["."], true],
  [[], ["."], false],
])("a change of %j touches %j: %s", (changed, read, expected) => {
  expect(touches(changed, read)).toBe(expected);
});
