import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { UserError } from "../../../../../config/problems/errors.ts";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../../config/targets/gitops/target.ts";
import type { Image } from "../../../../../runner/registry/image.ts";
import { gitopsKind } from "../../../../../runner/targets/gitops/kind.ts";
import { openGithubCommits } from "../../../../../runner/targets/gitops/propose/commits.ts";
import { fetchBranch } from "../../../../../runner/targets/gitops/repository/branch.ts";
import { fetchTip, openClone } from "../../../../../runner/targets/gitops/repository/clone.ts";
import { remoteOf } from "../../../../../runner/targets/gitops/repository/remote.ts";
import { fakeContext, image, sha } from "../../../../unit/targets/fakes.ts";
import { commitFiles, fileOn, type GitServer, git, makeRepository, serveGit } from "../git-server.ts";
import { serveGithub } from "../github-server.ts";
import { type GitDataServer, serveGitData } from "./git-data.ts";

const token = "t0ken-of-an-app";
// A byte order mark, CRLF and letters beyond ASCII: what a text of JSON could lose.
const kustomization = (letter: string) =>
  `\uFEFFimages:\r\n- name: ui # für uns\r\n  newName: localhost:5000/shop/ui\r\n  digest: ${sha(letter)}\r\n`;
const path = "dev/kustomization.yaml";

let server: GitServer;
let api: GitDataServer;
let bare: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => {
  api.close();
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  // Git has no name to commit in: it needs none.
  for (const name of ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("GIT_CONFIG_COUNT", "1");
  vi.stubEnv("GIT_CONFIG_KEY_0", "user.useConfigOnly");
  vi.stubEnv("GIT_CONFIG_VALUE_0", "true");
  vi.stubEnv("GIT_CONFIG_GLOBAL", "/dev/null");
  vi.stubEnv("FORGE_TOKEN", token);
  count += 1;
  bare = makeRepository(server.root, `${count}/acme/deploy.git`, { [path]: kustomization("0"), other: "x" });
  api = await serveGitData(bare, token);
});

function world(changes: object = {}) {
  const directory = mkdtempSync(join(tmpdir(), "slipway-api-commit-"));
  const context = { ...fakeContext(), directory, release: { stack: "dev", commit: "a".repeat(40) } };
  const target = resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository: `${server.url}/${count}/acme/deploy.git`,
      files: [{ path, kustomize: "ui" }],
      commit: "api",
      ...changes,
      pullRequest: { forge: "github", api: api.url, tokenEnvironment: "FORGE_TOKEN" },
    }),
    "ui",
    (text) => text,
  );
  const deploy = async (wanted: Image = image) => {
    const state = await gitopsKind.inspect(target, context);
    const planned = gitopsKind.plan("ui", target, state, wanted);
    const applied = await gitopsKind.apply(planned, wanted, context);
    return gitopsKind.follow(planned, applied, wanted, context);
  };
  const problem = () =>
    deploy().then(
      () => undefined,
      (error: UserError) => error.problems[0],
    );
  const commits = async () => {
    const remote = remoteOf(target, directory);
    if (remote.api === undefined) throw new Error("no API");
    const clone = await openClone(remote);
    return { clone, committer: await openGithubCommits(clone, remote.api, context.signal, 1) };
  };
  return { target, context, deploy, problem, commits };
}

const tipOf = (branch = "main") => git(bare, "rev-parse", branch).trim();
const refused = (when: RegExp, status: number, message: string) => {
  api.before = (call) => (when.test(call) ? { status, body: { message } } : undefined);
};

test("GitHub makes the commit from the bytes of the edit, without an identity of git", async () => {
  const before = tipOf();
  const outcome = await world().deploy();
  expect(outcome).toMatchObject({
    outcome: "done",
    details: { commit: tipOf(), signature: "verified" },
    message: expect.not.stringContaining("sign"),
  });
  expect(fileOn(bare, path).toString()).toBe(kustomization("1"));
  expect(git(bare, "rev-parse", "main~1").trim()).toBe(before);
  expect(git(bare, "log", "-1", "--format=%an, %cn: %s", "main").trim()).toBe(
    "deployer[bot], GitHub: Deploy ui on dev to sha256:111111111111",
  );
  expect(api.calls.map(({ call }) => call)).toEqual([
    "POST /repos/acme/deploy/git/trees",
    "POST /repos/acme/deploy/git/commits",
    "PATCH /repos/acme/deploy/git/refs/heads/main",
  ]);
  // GitHub signs only what it gives an author itself.
  expect(Object.keys(api.calls[1]?.sent ?? {}).toSorted()).toEqual(["message", "parents", "tree"]);
  expect(api.calls[2]?.sent).toMatchObject({ force: false });
});

test("a commit that GitHub did not sign is made, and the outcome says so", async () => {
  api.signs = false;
  const { outcome, message, details } = await world().deploy();
  expect([outcome, details?.signature]).toEqual(["done", "not verified"]);
  expect(message).toContain("GitHub did not sign the commit: it signs those that a GitHub App makes");
});

test("somebody else's push meanwhile is kept: the edit is made again on the new commit", async () => {
  let others = 0;
  api.before = (call) => {
    if (call.startsWith("PATCH") && others < 2) commitFiles(bare, { other: `${++others}` }, "theirs");
    return undefined;
  };
  const { outcome, details } = await world().deploy();
  expect([outcome, details?.rounds]).toEqual(["done", 3]);
  expect(fileOn(bare, path).toString()).toBe(kustomization("1"));
  expect(fileOn(bare, "other").toString()).toBe("2");
});

test("an answer that is lost after the branch was moved is no failure, and no second commit", async () => {
  let isCut = false;
  api.before = (call) => {
    if (!call.startsWith("PATCH") || isCut) return undefined;
    isCut = true;
    return "cut";
  };
  const before = tipOf();
  expect(await world().deploy()).toMatchObject({ outcome: "done", details: { commit: tipOf() } });
  expect(git(bare, "rev-list", "--count", `${before}..main`).trim()).toBe("1");
});

test.each([
  ["a tree that is another than git's", /trees/, 201, undefined, "commit-differs"],
  [
    "a token without the permission",
    /commits/,
    403,
    "Resource not accessible by integration",
    "forge-refused",
  ],
  ["a repository that the token may not see", /trees/, 404, "Not Found", "forge-refused"],
  ["a protected branch", /PATCH/, 422, "Changes must be made through a pull request.", "push-rejected"],
  ["a rule that refuses it", /PATCH/, 403, "Repository rule violations found", "forge-refused"],
])("%s changes nothing, and is told", async (_name, when, status, message, code) => {
  const before = tipOf();
  if (message === undefined) {
    api.before = (call) => (when.test(call) ? { status, body: { sha: "0".repeat(40) } } : undefined);
  } else refused(when, status, message);
  const problem = await world().problem();
  expect(problem).toMatchObject({
    code,
    fix: expect.any(String),
    where: expect.stringContaining("acme/deploy"),
  });
  if (message !== undefined && status !== 404) expect(problem?.message).toContain(message);
  expect(tipOf()).toBe(before);
});

test("a missing and a wrong token are told apart, and not shown", async () => {
  vi.stubEnv("FORGE_TOKEN", "wr0ng-token");
  const wrong = await world().problem();
  expect(wrong).toMatchObject({ code: "forge-refused", value: "FORGE_TOKEN" });
  expect(wrong?.message).toContain("does not accept the token");
  expect(JSON.stringify(wrong)).not.toContain("wr0ng");
  vi.stubEnv("FORGE_TOKEN", undefined);
  expect(await world().problem()).toMatchObject({
    code: "forge-refused",
    value: "FORGE_TOKEN",
    message: "this environment variable is not set",
    fix: expect.stringContaining("read and write Contents"),
  });
});

test("verify asks the API for the branch, and git for no identity", async () => {
  const { target, context } = world();
  const checks = async () => {
    const state = await gitopsKind.inspect(target, context);
    const made = await gitopsKind.verify(target, state, { image, registry: image.registry }, context);
    return made.map(({ name, state: found }) => [name, found]);
  };
  expect(await checks()).toEqual([["commits through the API", "ok"]]);
  refused(/GET/, 404, "Not Found");
  expect(await checks()).toEqual([["commits through the API", "fail"]]);
});

test("a pull request has GitHub's commit, and another image replaces it", async () => {
  const github = await serveGithub(bare, token);
  api.pulls = github.url;
  try {
    const { deploy } = world({ deliver: "pull-request" });
    const before = tipOf();
    expect(await deploy()).toMatchObject({ outcome: "proposed", details: { signature: "verified" } });
    const head = github.pulls[0]?.head.ref ?? "";
    expect(fileOn(bare, path, head).toString()).toBe(kustomization("1"));
    const { details } = await deploy({ ...image, digest: sha("2") });
    expect(details).toMatchObject({ proposed: tipOf(head), signature: "verified" });
    expect(fileOn(bare, path, head).toString()).toBe(kustomization("2"));
    expect(git(bare, "log", "--format=%an", `main..${head}`).trim()).toBe("deployer[bot]");
    expect([github.pulls.length, tipOf()]).toEqual([1, before]);
  } finally {
    github.close();
  }
});

test("the branch of a pull request is made by the API, and moved only from where it was seen", async () => {
  const { commits } = world();
  const { clone, committer } = await commits();
  const tip = await fetchTip(clone);
  const tree = git(bare, "rev-parse", "main^{tree}").trim();
  const make = async (message: string) =>
    (await committer.make({ tree, parent: tip, message, files: new Map() })).id;
  const [first, second, third] = [await make("1"), await make("2"), await make("3")];
  const head = "slipway/dev/ui";
  expect(await committer.replace(head, first, undefined)).toEqual({ kind: "done" });
  expect(tipOf(head)).toBe(first);
  // Another run made it in the same moment.
  expect(await committer.replace(head, second, undefined)).toEqual({ kind: "overtaken" });
  expect(await committer.replace(head, second, first)).toEqual({ kind: "done" });
  expect(await fetchBranch(clone, head)).toBe(second);
  // Somebody has committed since.
  expect(await committer.replace(head, third, first)).toEqual({ kind: "overtaken" });
  expect(tipOf(head)).toBe(second);
});
