import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { sha } from "../../../unit/targets/fakes.ts";
import { commitFiles, fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";
import { type GitlabServer, serveGitlab } from "./gitlab-server.ts";
import { runOnce } from "./one-run.ts";

// The merge requests of GitLab. What all servers share is tested in pull-request.test.ts.

const token = "glpat-t0ken";
const path = "dev/kustomization.yaml";
const kustomization = (letter: string) =>
  `images:\n- name: ui # ours\n  newName: localhost:5000/shop/ui\n  digest: ${sha(letter)}\n`;

let server: GitServer;
let gitlab: GitlabServer;
let bare: string;
let project: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => {
  gitlab.close();
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  for (const who of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${who}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${who}_EMAIL`, "deployer@example.com");
  }
  vi.stubEnv("GITLAB_TOKEN", token);
  count += 1;
  project = `acme/team-${count}/deploy`;
  bare = makeRepository(server.root, `${project}.git`, { [path]: kustomization("0") });
  gitlab = await serveGitlab(bare, project, token);
});

const run = (letter = "1", waitMerge = false, settings: object = {}) =>
  runOnce({
    directory: mkdtempSync(join(tmpdir(), "slipway-merge-request-")),
    letter,
    waitMerge,
    target: {
      kind: "gitops",
      repository: `${server.url}/${project}.git`,
      files: [{ path, kustomize: "ui" }],
      deliver: "pull-request",
      pullRequest: { forge: "gitlab", api: gitlab.url, labels: ["deploy", "dev"], ...settings },
    },
  });
const made = () => gitlab.calls.filter((call) => !call.startsWith("GET"));

test("a merge request is opened once, and brought up to date by another image", async () => {
  expect(await run()).toBe("proposed");
  expect(gitlab.requests).toMatchObject([
    {
      iid: 7,
      title: "Deploy ui on dev to sha256:111111111111",
      labels: ["deploy", "dev"],
      target_branch: "main",
    },
  ]);
  const calls = made().length;
  expect(await run()).toBe("proposed");
  expect(made()).toHaveLength(calls);
  expect(await run("2")).toBe("proposed");
  expect(gitlab.requests).toMatchObject([{ iid: 7, title: "Deploy ui on dev to sha256:222222222222" }]);
  expect(fileOn(bare, path, gitlab.requests[0]?.source_branch).toString()).toBe(kustomization("2"));
});

test("reviewers are asked by the ids that GitLab has for their names", async () => {
  expect(await run("1", false, { reviewers: ["ann", "bob"] })).toBe("proposed");
  expect(gitlab.requests).toMatchObject([{ iid: 7, reviewers: [gitlab.users.ann, gitlab.users.Bob] }]);
});

test("a reviewer whom GitLab does not know is named before anything is pushed", async () => {
  await expect(run("1", false, { reviewers: ["ann", "nobody"] })).rejects.toMatchObject({
    problems: [{ code: "forge-refused", key: "pullRequest.reviewers", value: "nobody" }],
  });
  expect(gitlab.requests).toEqual([]);
  expect(git(bare, "for-each-ref", "refs/heads/slipway")).toBe("");
});

test("one that a person closed is not opened again, and a branch that a person changed is not rewritten", async () => {
  await run();
  Object.assign(gitlab.requests[0] ?? {}, { state: "closed" });
  await expect(run()).rejects.toThrow("merge request #7 with these images was closed without a merge");
  Object.assign(gitlab.requests[0] ?? {}, { state: "opened" });
  const theirs = mkdtempSync(join(tmpdir(), "slipway-theirs-"));
  git(theirs, "clone", "--quiet", "--branch", gitlab.requests[0]?.source_branch ?? "", bare, ".");
  git(theirs, "commit", "--quiet", "--allow-empty", "-m", "mine");
  git(theirs, "push", "--quiet", "origin", "HEAD");
  await expect(run("2")).rejects.toMatchObject({ problems: [{ code: "branch-not-ours" }] });
});

test.each(["merge_commit_sha", "squash_commit_sha", "sha"] as const)(
  "--wait-merge follows a merge to the commit that GitLab names in %s",
  async (field) => {
    const ended = run("1", true);
    await vi.waitFor(() => expect(gitlab.requests).toHaveLength(1), 20_000);
    const commit = commitFiles(bare, { [path]: kustomization("1") }, "merged");
    Object.assign(gitlab.requests[0] ?? {}, { [field]: commit, state: "merged" });
    expect(await ended).toBe("done");
  },
);

test("what GitLab refuses is said: 401, 403, 404, 429, 409 of another kind", async () => {
  vi.stubEnv("GITLAB_TOKEN", "wr0ng");
  await expect(run()).rejects.toThrow("GitLab does not accept the token: 401 Unauthorized");
  vi.stubEnv("GITLAB_TOKEN", token);
  gitlab.ordered.push({ status: 403, body: { message: "403 Forbidden" } });
  await expect(run()).rejects.toMatchObject({
    problems: [
      { message: "GitLab refuses it (403: 403 Forbidden)", fix: expect.stringContaining("scope api") },
    ],
  });
  gitlab.ordered.push({ status: 404, body: { message: "404 Project Not Found" } });
  await expect(run()).rejects.toThrow(`there is no ${project} on GitLab`);
  gitlab.ordered.push({ status: 429, headers: { "retry-after": "3600" } });
  await expect(run()).rejects.toMatchObject({
    problems: [{ code: "throttled", fix: "run the command again in 60 minutes" }],
  });
  gitlab.ordered.push({ status: 502 }, { status: 429, headers: { "retry-after": "1" } });
  expect(await run()).toBe("proposed");
});
