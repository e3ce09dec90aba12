import { expect, test } from "vitest";
import { type Checkout, identifyCheckout, unknownPullRequest } from "../../../runner/git/ci.ts";

const [here, elsewhere] = ["a".repeat(40), "b".repeat(40)];
const detached: Checkout = { commit: here, branch: undefined, origin: undefined };
const onBranch = (branch: string): Checkout => ({ ...detached, branch });

const nothing = { branch: undefined, pullRequest: undefined };
const main = { branch: "main", pullRequest: undefined };
const repository = { default_branch: "main" };
const pullRequest = {
  number: 77,
  head: { ref: "topic", sha: elsewhere },
  base: { ref: "main", sha: "c".repeat(40) },
};
/** A job that was started for main. */
const ofMain = { GITHUB_REF: "refs/heads/main", GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" };
const ofPull = { GITHUB_REF: "refs/pull/77/merge", GITHUB_REF_NAME: "77/merge", GITHUB_HEAD_REF: "topic" };

type Case = [
  title: string,
  environment: Record<string, string>,
  event: object | undefined,
  checkout: Checkout,
  expected: { readonly branch: string | undefined; readonly pullRequest: string | undefined },
];

const github: readonly Case[] = [
  ["a push", { ...ofMain, GITHUB_SHA: here }, { repository }, detached, main],
  ["a push, another commit checked out", { ...ofMain, GITHUB_SHA: elsewhere }, {}, detached, nothing],
  ["variables without a commit", ofMain, {}, detached, nothing],
  [
    "a dispatch that checks out another branch",
    { ...ofMain, GITHUB_SHA: elsewhere },
    {},
    onBranch("topic"),
    { branch: "topic", pullRequest: undefined },
  ],
  [
    "a tag",
    { GITHUB_REF: "refs/tags/v1", GITHUB_REF_NAME: "v1", GITHUB_REF_TYPE: "tag", GITHUB_SHA: here },
    {},
    detached,
    nothing,
  ],
  [
    "a pull request's merge commit",
    { ...ofPull, GITHUB_SHA: here },
    { pull_request: pullRequest },
    detached,
    { branch: "topic", pullRequest: "77" },
  ],
  ["a pull request without its event", { ...ofPull }, undefined, detached, { ...nothing, pullRequest: "77" }],
  [
    "a pull request's own commit",
    { ...ofPull, GITHUB_SHA: elsewhere },
    { pull_request: { ...pullRequest, head: { ref: "topic", sha: here } } },
    detached,
    { branch: "topic", pullRequest: "77" },
  ],
  [
    "a pull request's base, to be compared with",
    { ...ofPull, GITHUB_SHA: elsewhere },
    { pull_request: { ...pullRequest, base: { ref: "main", sha: here } } },
    onBranch("main"),
    main,
  ],
  [
    "a pull request that was merged",
    { ...ofPull, GITHUB_SHA: here },
    { pull_request: { ...pullRequest, merged: true, merge_commit_sha: here } },
    detached,
    main,
  ],
  [
    "pull_request_target, with the base checked out",
    { ...ofMain, GITHUB_SHA: here },
    { pull_request: pullRequest },
    detached,
    main,
  ],
  [
    "pull_request_target, with a fork's main checked out",
    { ...ofMain, GITHUB_SHA: elsewhere, GITHUB_HEAD_REF: "main" },
    { pull_request: { ...pullRequest, head: { ref: "main", sha: here } } },
    onBranch("main"),
    { branch: "main", pullRequest: "77" },
  ],
  [
    "pull_request_target, with what the fork pushed meanwhile",
    { ...ofMain, GITHUB_SHA: elsewhere, GITHUB_HEAD_REF: "main" },
    { pull_request: pullRequest },
    onBranch("main"),
    { branch: "main", pullRequest: "77" },
  ],
  [
    "a comment on a pull request, with its code checked out",
    { ...ofMain, GITHUB_SHA: elsewhere },
    { issue: { number: 77, pull_request: {} } },
    onBranch("main"),
    { branch: "main", pullRequest: "77" },
  ],
  ["a comment on an issue", { ...ofMain, GITHUB_SHA: here }, { issue: { number: 77 } }, detached, main],
  [
    "a merge queue",
    { GITHUB_REF: "refs/heads/gh-readonly-queue/main/pr-77-abc", GITHUB_SHA: here },
    {},
    onBranch("gh-readonly-queue/main/pr-77-abc"),
    nothing,
  ],
  [
    "workflow_run after a push to main",
    { ...ofMain, GITHUB_SHA: elsewhere },
    { repository, workflow_run: { event: "push", head_sha: here, head_branch: "main" } },
    detached,
    main,
  ],
  [
    "workflow_run after a pull request from a fork's main",
    { ...ofMain, GITHUB_SHA: elsewhere },
    { repository, workflow_run: { event: "pull_request", head_sha: here, head_branch: "main" } },
    onBranch("main"),
    { ...nothing, pullRequest: unknownPullRequest },
  ],
  [
    "workflow_run after a pull request",
    { ...ofMain, GITHUB_SHA: elsewhere },
    {
      repository,
      workflow_run: {
        event: "pull_request",
        head_sha: here,
        head_branch: "main",
        pull_requests: [{ number: 77 }],
      },
    },
    detached,
    { ...nothing, pullRequest: "77" },
  ],
  [
    "workflow_run after a push of something else",
    { ...ofMain, GITHUB_SHA: elsewhere },
    { repository, workflow_run: { event: "push", head_sha: elsewhere, head_branch: "main" } },
    detached,
    nothing,
  ],
  ["half of an event", { ...ofMain, GITHUB_SHA: here }, undefined, detached, main],
];

const gitlab: readonly Case[] = [
  ["a branch pipeline", { CI_COMMIT_SHA: here, CI_COMMIT_BRANCH: "main" }, undefined, detached, main],
  [
    "a branch pipeline, another commit checked out",
    { CI_COMMIT_SHA: elsewhere, CI_COMMIT_BRANCH: "main" },
    undefined,
    detached,
    nothing,
  ],
  [
    "a merge-request pipeline",
    { CI_COMMIT_SHA: here, CI_MERGE_REQUEST_IID: "3", CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "topic" },
    undefined,
    detached,
    { branch: "topic", pullRequest: "3" },
  ],
  [
    "a merge-request pipeline of a fork's main, checked out anew",
    { CI_COMMIT_SHA: elsewhere, CI_MERGE_REQUEST_IID: "3", CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "main" },
    undefined,
    onBranch("main"),
    { branch: "main", pullRequest: "3" },
  ],
  [
    "a tag pipeline",
    { CI_COMMIT_SHA: here, CI_COMMIT_TAG: "v1", CI_COMMIT_REF_NAME: "v1", CI_DEFAULT_BRANCH: "main" },
    undefined,
    detached,
    nothing,
  ],
  ["no CI", {}, undefined, onBranch("main"), main],
];

test.each([...github, ...gitlab])("%s", (_, environment, event, checkout, expected) => {
  const text = event === undefined ? undefined : JSON.stringify(event);
  expect(identifyCheckout(environment, text, checkout)).toMatchObject(expected);
});

test.each([
  [{}, { repository: { default_branch: "trunk" } }, undefined, "trunk"],
  [{ CI_DEFAULT_BRANCH: "develop" }, undefined, undefined, "develop"],
  [{}, {}, undefined, undefined],
  [{ GITHUB_REPOSITORY: "me/app" }, { repository }, "https://github.example/me/app.git", "main"],
  [{ GITHUB_REPOSITORY: "me/app" }, { repository }, "git@github.example:Me/App", "main"],
  // A reusable workflow, or a job, that checks out another repository than the one it runs for.
  [{ GITHUB_REPOSITORY: "me/app" }, { repository }, "https://github.example/me/other.git", undefined],
  [
    { CI_PROJECT_PATH: "me/app", CI_DEFAULT_BRANCH: "main" },
    undefined,
    "https://gitlab.example/me/other.git",
    undefined,
  ],
])("the main branch is CI's only for its own repository: %o", (environment, event, origin, expected) => {
  const text = event === undefined ? undefined : JSON.stringify(event);
  expect(identifyCheckout(environment, text, { ...detached, origin }).mainBranch).toBe(expected);
});

test("an event that can't be read is none", () => {
  expect(identifyCheckout({ ...ofMain, GITHUB_SHA: here }, "{ half of", detached)).toMatchObject(main);
});
