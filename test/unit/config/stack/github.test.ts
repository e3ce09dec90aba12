import { describe, expect, test } from "vitest";
import { type GithubRole, githubSchema, trustedSubjects } from "../../../../config/stack/github.ts";

const repository = "octo-org/octo-repo";
const parsed = (more: object = {}) => githubSchema.parse({ repository, ...more });
const subjects = (role: GithubRole, more: object = {}) => trustedSubjects(parsed(more), role);

describe("the subjects that a role trusts", () => {
  test("are the exact forms that GitHub documents", () => {
    expect(subjects("pullRequest")).toEqual({
      exact: ["repo:octo-org/octo-repo:pull_request"],
      patterns: [],
    });
    expect(subjects("deploy")).toEqual({
      exact: ["repo:octo-org/octo-repo:ref:refs/heads/main"],
      patterns: [],
    });
    expect(subjects("deploy", { environment: "Production" })).toEqual({
      exact: ["repo:octo-org/octo-repo:environment:Production"],
      patterns: [],
    });
    expect(subjects("push", { branches: ["main", "release/1"], tags: ["demo-tag"] }).exact).toEqual([
      "repo:octo-org/octo-repo:ref:refs/heads/main",
      "repo:octo-org/octo-repo:ref:refs/heads/release/1",
      "repo:octo-org/octo-repo:ref:refs/tags/demo-tag",
    ]);
  });

  test("have the ids, too, where they are given", () => {
    expect(
      subjects("deploy", { ownerId: "123456", repositoryId: "456789", environment: "prod" }).exact,
    ).toEqual([
      "repo:octo-org/octo-repo:environment:prod",
      "repo:octo-org@123456/octo-repo@456789:environment:prod",
    ]);
  });

  test("have colons as GitHub writes them", () => {
    expect(subjects("deploy", { environment: "Production:V1" }).exact).toEqual([
      "repo:octo-org/octo-repo:environment:Production%3AV1",
    ]);
  });

  test("leave branches and tags to the environment, for who deploys", () => {
    const found = subjects("deploy", { environment: "prod", branches: ["main"], tags: ["v*"] });
    expect(JSON.stringify(found)).not.toContain("refs/");
  });

  test("of who only looks are the branches and the environment, and no tag or pull request", () => {
    expect(subjects("inspect", { environment: "prod", tags: ["v*"] })).toEqual({
      exact: ["repo:octo-org/octo-repo:environment:prod", "repo:octo-org/octo-repo:ref:refs/heads/main"],
      patterns: [],
    });
    expect(parsed().roles).toEqual(["pullRequest", "push", "deploy"]);
    expect(parsed({ roles: ["deploy", "inspect"] }).roles).toEqual(["deploy", "inspect"]);
  });

  test("have a wildcard in the tag at most, and never for a pull request", () => {
    const more = { ownerId: "1", repositoryId: "2", tags: ["v*"], environment: "prod" };
    expect(subjects("push", more).patterns).toEqual([
      "repo:octo-org/octo-repo:ref:refs/tags/v*",
      "repo:octo-org@1/octo-repo@2:ref:refs/tags/v*",
    ]);
    for (const role of ["pullRequest", "push", "deploy", "inspect"] as const) {
      const { exact, patterns } = subjects(role, more);
      expect(exact.join()).not.toMatch(/[*?]/);
      for (const pattern of patterns) {
        expect(pattern).toMatch(/^repo:[^*?]+:ref:refs\/tags\/[^?]+$/);
      }
    }
  });

  test("of a pull request open no role that pushes", () => {
    const all = [...subjects("push", { tags: ["v*"] }).exact, ...subjects("deploy").exact];
    expect(all.filter((subject) => subject.endsWith(":pull_request"))).toEqual([]);
  });
});

describe("the settings refuse", () => {
  test.each([
    ["every repository of an owner", { repository: "octo-org/*" }, /owner\/name/],
    ["a repository without its owner", { repository: "octo-repo" }, /owner\/name/],
    ["a wildcard for a branch", { branches: ["release/*"] }, /one branch's name/],
    ["a wildcard for an environment", { environment: "*" }, /one environment's name/],
    ["one id without the other", { ownerId: "1" }, /both ownerId and repositoryId/],
    ["any role to be passed", { taskRoles: ["arn:aws:iam::111122223333:role/*"] }, /without wildcards/],
    [
      "a provider that is not one",
      { provider: "https://token.actions.githubusercontent.com" },
      /OIDC provider/,
    ],
  ])("%s", (_, more, message) => {
    const result = githubSchema.safeParse({ repository, ...more });
    expect(result.success).toBe(false);
    expect(result.error?.issues.map((issue) => issue.message).join()).toMatch(message);
  });
});
