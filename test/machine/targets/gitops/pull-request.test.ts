import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type GitopsTarget,
  gitopsTargetSchema,
  resolveGitopsTarget,
} from "../../../../config/targets/gitops/target.ts";
import type { Image } from "../../../../runner/registry/image.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import { fakeContext, image, sha } from "../../../unit/targets/fakes.ts";
import { commitFiles, fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";
import { type GithubServer, serveGithub } from "./github-server.ts";

const token = "t0ken-of-an-app";
const kustomization = (letter: string) =>
  `images:\n- name: ui # ours\n  newName: localhost:5000/shop/ui\n  digest: ${sha(letter)}\n`;
const path = "dev/kustomization.yaml";

let server: GitServer;
let github: GithubServer;
let bare: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => {
  github.close();
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  for (const who of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${who}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${who}_EMAIL`, "deployer@example.com");
  }
  vi.stubEnv("FORGE_TOKEN", token);
  count += 1;
  bare = makeRepository(server.root, `${count}/acme/deploy.git`, { [path]: kustomization("0") });
  github = await serveGithub(bare, token);
});

/** @param changes settings of `pullRequest` */
function world(changes: object = {}, stack = "dev", waitMerge = false) {
  const directory = mkdtempSync(join(tmpdir(), "slipway-pull-"));
  const context = { ...fakeContext(), directory, waitMerge, release: { stack, commit: "a".repeat(40) } };
  const target: GitopsTarget = resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository: `${server.url}/${count}/acme/deploy.git`,
      files: [{ path, kustomize: "ui" }],
      deliver: "pull-request",
      pullRequest: { forge: "github", api: github.url, tokenEnvironment: "FORGE_TOKEN", ...changes },
    }),
    "ui",
    (text) => text,
  );
  const plan = async (wanted: Image) =>
    gitopsKind.plan("ui", target, await gitopsKind.inspect(target, context), wanted);
  const deploy = async (wanted: Image = image) => {
    const planned = await plan(wanted);
    const applied = await gitopsKind.apply(planned, wanted, context);
    const outcome = await gitopsKind.follow(planned, applied, wanted, context);
    return { planned, applied, outcome };
  };
  return { target, context, plan, deploy };
}

const second: Image = { ...image, digest: sha("2") };
const branches = () => git(bare, "for-each-ref", "--format=%(refname:short)", "refs/heads/slipway").trim();
const made = () => github.calls.filter((call) => /^(POST|PATCH)/.test(call));

describe("a target that is delivered by pull request", () => {
  test("is proposed on a branch of its own, and not deployed", async () => {
    const { deploy, target, context, plan } = world({ labels: ["deploy"], reviewers: ["ann", "acme/ops"] });
    const { planned, outcome } = await deploy();
    expect(planned.notes[0]).toContain("delivered by a pull request");
    expect(outcome).toMatchObject({
      outcome: "proposed",
      message: "proposed in pull request #7, not merged: https://github.com/acme/deploy/pull/7",
      running: `localhost:5000/shop/ui@${sha("0")}`,
      details: { pullRequest: 7, branch: "main" },
    });
    expect(fileOn(bare, path).toString()).toBe(kustomization("0"));
    expect(branches()).toMatch(/^slipway\/dev\/ui-[0-9a-f]{8}$/);
    expect(fileOn(bare, path, branches()).toString()).toBe(kustomization("1"));
    expect(git(bare, "diff", "--stat", "main", branches())).toContain("2 +-");
    const [pull] = github.pulls;
    expect(pull).toMatchObject({ title: "Deploy ui on dev to sha256:111111111111", labels: ["deploy"] });
    expect(pull?.reviewers).toEqual({ reviewers: ["ann"], team_reviewers: ["ops"] });
    expect(pull?.body).toContain(
      "| `ui` | `shop/ui@sha256:000000000000` | `shop/ui@sha256:111111111111` | `aaaaaaa` |",
    );
    expect((await plan(image)).action).toBe("update");
    expect(await gitopsKind.status("ui", target, context)).toMatchObject({
      health: "healthy",
      running: `localhost:5000/shop/ui@${sha("0")}`,
      message: expect.stringContaining("pull request #7 proposes sha256:111111111111"),
    });
    const uses = await gitopsKind.inUse(context, [target]);
    expect(uses.map(({ reference, why }) => [reference.slice(-4), why])).toEqual([
      ["0000", expect.stringContaining("HEAD of main")],
      ["1111", "proposed in pull request #7"],
    ]);
  });

  test("is left as it is by a second run with the same image, from another machine", async () => {
    await world().deploy();
    const [commit, calls] = [git(bare, "rev-parse", branches()), made().length];
    const { outcome } = await world().deploy();
    expect(outcome.message).toContain("proposed in pull request #7 by an earlier run");
    expect(git(bare, "rev-parse", branches())).toBe(commit);
    expect(made()).toHaveLength(calls);
  });

  test("has one pull request, which a run with another image brings up to date", async () => {
    await world().deploy();
    commitFiles(bare, { "README.md": "theirs" }, "theirs");
    const { outcome } = await world().deploy(second);
    expect(outcome.outcome).toBe("proposed");
    expect(github.pulls).toHaveLength(1);
    expect(github.pulls[0]).toMatchObject({
      state: "open",
      title: "Deploy ui on dev to sha256:222222222222",
    });
    expect(fileOn(bare, path, branches()).toString()).toBe(kustomization("2"));
    expect(git(bare, "rev-list", "--count", `main..${branches()}`).trim()).toBe("1");
  });

  test("never shares a branch with another stack", async () => {
    await world().deploy();
    await world({}, "prod").deploy();
    expect(branches().split("\n")).toHaveLength(2);
    expect(github.pulls.map(({ number }) => number)).toEqual([7, 8]);
  });

  test("that a person closed is not proposed again with the same image, and is with another", async () => {
    await world().deploy();
    Object.assign(github.pulls[0] ?? {}, { state: "closed" });
    await expect(world().deploy()).rejects.toMatchObject({
      problems: [
        {
          code: "pull-request-closed",
          message: "pull request #7 with these images was closed without a merge",
        },
      ],
    });
    expect(github.pulls).toHaveLength(1);
    expect((await world().deploy(second)).outcome.message).toContain("#8");
  });

  test("does not rewrite a branch that somebody else has committed to", async () => {
    await world().deploy();
    const theirs = mkdtempSync(join(tmpdir(), "slipway-theirs-"));
    git(theirs, "clone", "--quiet", "--branch", branches(), bare, ".");
    git(theirs, "commit", "--quiet", "--allow-empty", "-m", "mine");
    git(theirs, "push", "--quiet", "origin", "HEAD");
    await expect(world().deploy(second)).rejects.toMatchObject({ problems: [{ code: "branch-not-ours" }] });
    expect(git(bare, "log", "-1", "--format=%s", branches()).trim()).toBe("mine");
    // The same image is there: nothing to rewrite.
    expect((await world().deploy()).outcome.outcome).toBe("proposed");
  });

  test("rewrites a branch into which the page merged the target branch", async () => {
    await world().deploy();
    const page = mkdtempSync(join(tmpdir(), "slipway-page-"));
    commitFiles(bare, { "README.md": "theirs" }, "theirs");
    git(page, "clone", "--quiet", "--branch", branches(), bare, ".");
    git(page, "merge", "--quiet", "-m", "Merge branch 'main'", "origin/main");
    git(page, "push", "--quiet", "origin", "HEAD");
    await world().deploy(second);
    expect(fileOn(bare, path, branches()).toString()).toBe(kustomization("2"));
  });

  test("is found again by a run after one that was killed between the push and the pull request", async () => {
    github.ordered.push({ when: (call) => call.startsWith("POST"), status: 403, body: { message: "no" } });
    await expect(world().deploy()).rejects.toThrow("GitHub refuses it (403: no)");
    const commit = git(bare, "rev-parse", branches());
    expect((await world().deploy()).outcome.outcome).toBe("proposed");
    expect(git(bare, "rev-parse", branches())).toBe(commit);
  });

  test("is not lost with the answer to its creation", async () => {
    github.ordered.push({ when: (call) => call.startsWith("POST"), status: 0, isDone: true });
    expect((await world().deploy()).outcome.message).toContain("#7");
    expect(github.pulls).toHaveLength(1);
  });

  test("of two runs at once is one", async () => {
    const [one, other] = await Promise.all([world().deploy(), world().deploy()]);
    expect([one.outcome.outcome, other.outcome.outcome]).toEqual(["proposed", "proposed"]);
    expect(github.pulls).toHaveLength(1);
    expect(fileOn(bare, path, branches()).toString()).toBe(kustomization("1"));
  });

  test("whose image the branch has got meanwhile is done", async () => {
    const { plan, context } = world();
    const planned = await plan(image);
    commitFiles(bare, { [path]: kustomization("1") }, "theirs");
    const applied = await gitopsKind.apply(planned, image, context);
    const outcome = await gitopsKind.follow(planned, applied, image, context);
    expect(outcome).toMatchObject({ outcome: "done" });
    expect(github.pulls).toHaveLength(0);
  });

  test("is taken back by closing it, and may be proposed again", async () => {
    const { deploy, context } = world();
    const { planned, applied } = await deploy();
    expect(await gitopsKind.revert(planned, applied, context)).toMatchObject({
      outcome: "rolled back",
      message: "pull request #7 is closed; main was not changed",
      running: `localhost:5000/shop/ui@${sha("0")}`,
    });
    expect(branches()).toBe("");
    expect((await world().deploy()).outcome.message).toContain("#8");
  });
});

describe("--wait-merge", () => {
  test.each(["merge", "squash"] as const)("follows a %s to the commit of the branch", async (way) => {
    const { deploy } = world({}, "dev", true);
    const ended = deploy();
    await vi.waitFor(() => expect(github.pulls).toHaveLength(1), 10_000);
    const commit = github.merge(7, way);
    expect((await ended).outcome).toMatchObject({
      outcome: "done",
      message: expect.stringContaining(`committed ${commit.slice(0, 10)} to main`),
      running: `localhost:5000/shop/ui@${sha("1")}`,
      details: { commit, pullRequest: 7 },
    });
    expect((await world().plan(image)).action).toBe("none");
  });

  test("ends when a person closes it", async () => {
    const { deploy } = world({}, "dev", true);
    const ended = deploy();
    await vi.waitFor(() => expect(github.pulls).toHaveLength(1), 10_000);
    Object.assign(github.pulls[0] ?? {}, { state: "closed" });
    expect((await ended).outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("#7 was closed without a merge"),
    });
  });

  test("ends when its time is up", async () => {
    const { outcome } = await world({ mergeTimeoutSeconds: 1 }, "dev", true).deploy();
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("not merged within 1 s"),
    });
  });

  test("does not take a merge with another image for success", async () => {
    const { deploy } = world({}, "dev", true);
    const ended = deploy();
    await vi.waitFor(() => expect(github.pulls).toHaveLength(1), 10_000);
    const commit = commitFiles(bare, { [path]: kustomization("7") }, "merged by hand");
    Object.assign(github.pulls[0] ?? {}, { state: "closed", merged_at: "x", merge_commit_sha: commit });
    expect((await ended).outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("names another image"),
    });
  });
});

describe("what GitHub answers", () => {
  const problemOf = async (environment = "FORGE_TOKEN") =>
    world({ tokenEnvironment: environment })
      .deploy()
      .then(
        () => undefined,
        (error: { problems?: readonly unknown[] }) => error.problems?.[0] ?? error,
      );

  test("without a token, the variable is named", async () => {
    expect(await problemOf("NO_TOKEN")).toMatchObject({
      code: "forge-refused",
      value: "NO_TOKEN",
      message: "this environment variable is not set",
    });
  });

  test("with a wrong token: 401, and the token is in no message", async () => {
    vi.stubEnv("FORGE_TOKEN", "wr0ng");
    const problem = await problemOf();
    expect(problem).toMatchObject({
      code: "forge-refused",
      message: "GitHub does not accept the token: Bad credentials",
    });
    expect(JSON.stringify(problem)).not.toContain("wr0ng");
  });

  test("403 and 404 name what the token needs", async () => {
    const message = "Resource not accessible by personal access token";
    github.ordered.push({ status: 403, body: { message, status: "403" } });
    expect(await problemOf()).toMatchObject({
      message: `GitHub refuses it (403: ${message})`,
      fix: expect.stringContaining("Contents and Pull requests (read and write)"),
    });
    github.ordered.push({ status: 404, body: { message: "Not Found" } });
    expect(await problemOf()).toMatchObject({
      message: expect.stringContaining("there is no acme/deploy on GitHub"),
    });
    const actions = "GitHub Actions is not permitted to create or approve pull requests.";
    github.ordered.push({ when: (call) => call.startsWith("POST"), status: 403, body: { message: actions } });
    expect(await problemOf()).toMatchObject({ fix: expect.stringContaining("Workflow permissions") });
  });

  test("a limit that ends soon is waited for, and a long one is said", async () => {
    const message = "API rate limit exceeded for installation ID 1.";
    github.ordered.push({ status: 429, body: { message }, headers: { "retry-after": "1" } });
    expect(await problemOf()).toBeUndefined();
    const reset = String(Math.floor(Date.now() / 1000) + 1800);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    github.ordered.push({ status: 403, body: { message }, headers });
    expect(await problemOf()).toMatchObject({
      code: "throttled",
      message: `GitHub takes no more calls with this token now: ${message}`,
      fix: "run the command again in 30 minutes",
    });
  });

  test("what fails for a moment is asked again: 502, 503, a connection that is cut", async () => {
    github.ordered.push({ status: 502, body: "<html>" }, { status: 0 }, { status: 503 });
    expect(await problemOf()).toBeUndefined();
    expect(github.pulls).toHaveLength(1);
  });

  test("a server that stays silent is said to", async () => {
    github.close();
    expect(await problemOf()).toMatchObject({ code: "unreachable", message: "GitHub does not answer" });
  }, 30_000);

  test("422 of another kind is quoted", async () => {
    const errors = [{ resource: "PullRequest", field: "base", code: "invalid" }, { message: "base is odd" }];
    const body = { message: "Validation Failed", errors };
    github.ordered.push({ when: (call) => call.startsWith("POST"), status: 422, body });
    expect(await problemOf()).toMatchObject({
      code: "forge-refused",
      message: "GitHub refuses it (422: Validation Failed: base is odd)",
    });
  });

  test("more pull requests than a page has are all seen", async () => {
    const { deploy, context, target } = world();
    await deploy();
    const [first] = github.pulls;
    if (first === undefined) throw new Error("no pull request");
    for (let number = 100; number < 340; number++) {
      github.pulls.push({ ...first, number, head: { ...first.head, ref: `feature-${number}` } });
    }
    expect((await gitopsKind.status("ui", target, context)).message).toContain("pull request #7 proposes");
    expect(github.calls.filter((call) => call.includes("page=3"))).not.toEqual([]);
  });

  test("a token that can't read them fails the check before a deployment, which says so", async () => {
    const { target, context } = world();
    const state = await gitopsKind.inspect(target, context);
    const checks = () => gitopsKind.verify(target, state, { image, registry: image.registry }, context);
    expect((await checks()).map(({ name, state: found }) => [name, found])).toEqual([
      ["git identity", "ok"],
      ["push to slipway/check", "ok"],
      ["pull requests", "ok"],
    ]);
    github.ordered.push({ status: 403, body: { message: "no" } });
    expect((await checks()).at(-1)).toMatchObject({ state: "fail", message: "GitHub refuses it (403: no)" });
  });

  test("without the server, every branch of Slipway's counts as in use", async () => {
    const { deploy, target, context } = world();
    await deploy();
    vi.stubEnv("FORGE_TOKEN", "");
    const uses = await gitopsKind.inUse(context, [target]);
    expect(uses.at(-1)).toMatchObject({ why: expect.stringMatching(/^proposed on slipway\/dev\/ui-/) });
    expect((await gitopsKind.status("ui", target, context)).message).toContain(
      "open pull requests are not known",
    );
  });
});
