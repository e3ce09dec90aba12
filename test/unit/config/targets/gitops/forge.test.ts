import { expect, test } from "vitest";
import { forgeOf } from "../../../../../config/targets/gitops/forge.ts";
import { gitopsDeclaration } from "../../../../../config/targets/gitops/kind.ts";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../../config/targets/gitops/target.ts";
import type { TargetPlace } from "../../../../../config/targets/target.ts";

const target = (changes: object) =>
  resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository: "https://github.com/acme/deploy.git",
      files: [{ path: "a.yaml", yaml: "image" }],
      deliver: "pull-request",
      ...changes,
    }),
    "ui",
    (text) => text,
  );
const problemsOf = (changes: object) =>
  gitopsDeclaration
    .problems(target(changes), { key: "targets[0]" } as TargetPlace)
    .map(({ key, message }) => [key, message]);

test.each([
  [
    "https://github.com/acme/deploy.git",
    {},
    "github",
    "https://api.github.com",
    "acme/deploy",
    "GITHUB_TOKEN",
  ],
  ["git@github.com:acme/deploy.git", {}, "github", "https://api.github.com", "acme/deploy", "GITHUB_TOKEN"],
  [
    "ssh://git@ssh.github.com:443/acme/deploy",
    {},
    "github",
    "https://api.github.com",
    "acme/deploy",
    "GITHUB_TOKEN",
  ],
  [
    "https://acme.ghe.com/acme/deploy",
    {},
    "github",
    "https://api.acme.ghe.com",
    "acme/deploy",
    "GITHUB_TOKEN",
  ],
  [
    "https://git.acme.example/acme/deploy",
    { forge: "github" },
    "github",
    "https://git.acme.example/api/v3",
    "acme/deploy",
    "GITHUB_TOKEN",
  ],
  [
    "https://gitlab.com/acme/team/deploy.git",
    {},
    "gitlab",
    "https://gitlab.com/api/v4",
    "acme/team/deploy",
    "GITLAB_TOKEN",
  ],
  [
    "git@git.acme.example:acme/deploy.git",
    { forge: "gitlab" },
    "gitlab",
    "https://git.acme.example/api/v4",
    "acme/deploy",
    "GITLAB_TOKEN",
  ],
  [
    "https://git.acme.example:8443/acme/deploy",
    { forge: "gitlab" },
    "gitlab",
    "https://git.acme.example:8443/api/v4",
    "acme/deploy",
    "GITLAB_TOKEN",
  ],
  [
    "ssh://git@git.acme.example:2222/a/b",
    { forge: "github", api: "https://api.acme.example/" },
    "github",
    "https://api.acme.example",
    "a/b",
    "GITHUB_TOKEN",
  ],
  // Gitea's API has the calls of GitHub's.
  [
    "https://git.acme.example/acme/deploy.git",
    { forge: "github", api: "https://git.acme.example/api/v1" },
    "github",
    "https://git.acme.example/api/v1",
    "acme/deploy",
    "GITHUB_TOKEN",
  ],
] as const)("%s is asked by its API", (repository, pullRequest, forge, api, project, tokenEnvironment) => {
  expect(forgeOf(target({ repository, pullRequest }))).toEqual({ forge, api, project, tokenEnvironment });
  expect(problemsOf({ repository, pullRequest })).toEqual([]);
});

test("the token's variable is the pull request's own, else the target's", () => {
  const tokenEnvironment = "DEPLOY_TOKEN";
  expect(forgeOf(target({ tokenEnvironment }))).toMatchObject({ tokenEnvironment });
  const pullRequest = { tokenEnvironment: "API_TOKEN" };
  expect(forgeOf(target({ tokenEnvironment, pullRequest }))).toMatchObject(pullRequest);
});

test("a repository without pull requests, and settings that have no effect, are problems", () => {
  expect(problemsOf({ repository: "../deploy" })).toEqual([
    ["targets[0].deliver", "a path has no pull requests"],
  ]);
  expect(problemsOf({ repository: "https://git.acme.example/acme/deploy" })).toEqual([
    ["targets[0].deliver", "nothing says whether git.acme.example is GitHub or GitLab"],
  ]);
  expect(problemsOf({ repository: "https://github.com/deploy" })).toHaveLength(1);
  expect(problemsOf({ deliver: "push", pullRequest: {} })).toEqual([
    ["targets[0].pullRequest", "a target that is delivered by push opens no pull request"],
  ]);
});

test("teams review on GitHub only", () => {
  const pullRequest = { reviewers: ["ann", "acme/ops"] };
  expect(problemsOf({ pullRequest })).toEqual([]);
  expect(problemsOf({ pullRequest, repository: "https://gitlab.com/acme/deploy" })).toEqual([
    ["targets[0].pullRequest.reviewers[1]", "GitLab takes users as reviewers, and no groups"],
  ]);
});

test.each([
  [{}, []],
  [{ deliver: "push" }, []],
  [{ deliver: "push", pullRequest: { tokenEnvironment: "APP_TOKEN" } }, []],
  [
    { deliver: "push", pullRequest: { labels: ["deploy"] } },
    [["targets[0].pullRequest", "a target that is delivered by push opens no pull request"]],
  ],
  [
    { deliver: "push", repository: "../deploy" },
    [["targets[0].commit", "a path has no API to commit through"]],
  ],
  [
    { repository: "https://gitlab.com/acme/deploy" },
    [["targets[0].commit", "Slipway commits through the API of GitHub only"]],
  ],
  [
    { deliver: "push", repository: "https://git.acme.example/acme/deploy" },
    [["targets[0].commit", "nothing says that git.acme.example is GitHub"]],
  ],
])("commit: api is for GitHub: %j", (changes, expected) => {
  expect(problemsOf({ commit: "api", ...changes })).toEqual(expected);
});
