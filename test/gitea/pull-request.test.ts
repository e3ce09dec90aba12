import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../config/targets/gitops/target.ts";
import type { Image } from "../../runner/registry/image.ts";
import { gitopsKind } from "../../runner/targets/gitops/kind.ts";
import { bringPrograms, type Programs } from "../kubernetes/programs.ts";
import { git } from "../machine/targets/gitops/git-server.ts";
import { fakeContext, image, sha } from "../unit/targets/fakes.ts";
import { type Gitea, startGitea } from "./gitea.ts";

// A real Gitea, whose REST API is that of GitHub; the clients of both, and git over http, are Slipway's own.

const overlay = "ui/dev/kustomization.yaml";
const kustomization = (letter: string) =>
  `# the shop's pages\nimages:\n  - name: ui   # set by Slipway\n    newName: localhost:5000/shop/ui\n    digest: ${sha(letter)}\n`;
const second: Image = { ...image, digest: sha("2") };

let folder: string;
let programs: Programs;
let gitea: Gitea;
let count = 0;
let isWell = true;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-gitea-"));
  console.error(`logs and data of this run: ${folder}`);
  for (const name of ["AUTHOR", "COMMITTER"]) {
    process.env[`GIT_${name}_NAME`] = "Deployer";
    process.env[`GIT_${name}_EMAIL`] = "deployer@example.com";
  }
  programs = await bringPrograms(folder, ["gitea"]);
  const startedAt = performance.now();
  gitea = await startGitea(programs);
  console.error(`Gitea up in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
});

beforeEach(async () => {
  count += 1;
  process.env.DEPLOY_TOKEN = gitea.deployer;
  process.env.API_TOKEN = gitea.deployer;
  const name = `deploy-${count}`;
  await gitea.call(gitea.deployer, "POST", "/user/repos", { name, default_branch: "main" });
  await gitea.call(gitea.deployer, "PUT", `${place()}/collaborators/ann`, { permission: "write" });
  await gitea.call(gitea.deployer, "POST", `${place()}/labels`, { name: "deploy", color: "#00aabb" });
  pushFiles({ [overlay]: kustomization("0"), "README.md": "manifests\n" }, "first");
  // Gitea takes a moment to see the first push, and has no pull requests before.
  const isEmpty = async () =>
    ((await gitea.call(gitea.person, "GET", place())) as { readonly empty: boolean }).empty;
  await expect.poll(isEmpty, { timeout: 20_000 }).toBe(false);
});

afterEach(({ task }) => {
  if (task.result?.state === "fail") isWell = false;
});

afterAll(async () => {
  await programs?.stop();
  if (isWell) await rm(folder, { recursive: true, force: true });
});

const place = () => `/repos/acme/deploy-${count}`;
const address = () => `${gitea.url}/acme/deploy-${count}.git`;
/** Git's words for a token, as a person writes them for a moment. */
const header = (token: string) => [
  "-c",
  `http.extraHeader=Authorization: Basic ${Buffer.from(`ann:${token}`).toString("base64")}`,
];

/** Commits files to a branch, as a person who has the repository cloned. */
function pushFiles(files: Readonly<Record<string, string>>, message: string, branch = "main"): string {
  const work = mkdtempSync(join(folder, "work-"));
  const auth = header(gitea.person);
  git(work, ...auth, "clone", "--quiet", address(), ".");
  const isThere = git(work, "branch", "--remotes").includes(`origin/${branch}`);
  git(work, "checkout", "--quiet", "-B", branch, ...(isThere ? [`origin/${branch}`] : []));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(work, dirname(path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "--message", message);
  git(work, ...auth, "push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
  return git(work, "rev-parse", "HEAD").trim();
}

/** A file on a branch, as the server has it. */
async function fileOn(path: string, branch = "main"): Promise<string> {
  const read = (await gitea.call(gitea.person, "GET", `${place()}/contents/${path}?ref=${branch}`)) as {
    content: string;
  };
  return Buffer.from(read.content, "base64").toString("utf8");
}

/** The branches of proposals, and where they are. */
function branches(): readonly string[] {
  const listed = execFileSync("git", [
    ...header(gitea.person),
    "ls-remote",
    address(),
    "refs/heads/slipway/*",
  ]);
  return listed
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

interface Pull {
  readonly number: number;
  readonly state: string;
  readonly title: string;
  readonly body: string;
  readonly merged: boolean;
  readonly html_url: string;
  readonly head: { readonly label: string; readonly ref: string };
  readonly labels: readonly { readonly name: string }[];
  readonly requested_reviewers: readonly { readonly login: string }[] | null;
}
const pulls = async () =>
  (await gitea.call(gitea.person, "GET", `${place()}/pulls?state=all`)) as readonly Pull[];

/** A checkout of the project on some machine: nothing is shared between two but Gitea. */
function world(settings: object = {}, { stack = "dev", waitMerge = false, file = overlay } = {}) {
  const directory = mkdtempSync(join(folder, "project-"));
  const context = { ...fakeContext(), directory, waitMerge, release: { stack, commit: "a".repeat(40) } };
  const target = resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository: address(),
      tokenEnvironment: "DEPLOY_TOKEN",
      files: [{ path: file, kustomize: "ui" }],
      deliver: "pull-request",
      pullRequest: {
        ...{ forge: "github", api: gitea.api, tokenEnvironment: "API_TOKEN" },
        ...{ labels: ["deploy"], reviewers: ["ann"] },
        ...settings,
      },
    }),
    "ui",
    (text) => text,
  );
  const deploy = async (wanted: Image = image) => {
    const plan = gitopsKind.plan("ui", target, await gitopsKind.inspect(target, context), wanted);
    expect(plan.problems).toEqual([]);
    const applied = await gitopsKind.apply(plan, wanted, context);
    const outcome = await gitopsKind.follow(plan, applied, wanted, context);
    console.error(`  ${outcome.outcome}: ${outcome.message}`);
    return { plan, applied, outcome };
  };
  return { target, context, deploy };
}

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: { readonly problems?: readonly object[] }) => {
      console.error(`  refused: ${String(error)}`);
      return error.problems?.[0] ?? error;
    },
  );

/** What the page's button does. */
const merge = (number: number, way = "squash") =>
  gitea.call(gitea.person, "POST", `${place()}/pulls/${number}/merge`, { Do: way });

describe("a pull request on a real Gitea", () => {
  test("is opened with label and reviewer, left as it is by a second run, and brought up to date by a third", async () => {
    const { target, context, deploy } = world();
    const state = await gitopsKind.inspect(target, context);
    const checks = await gitopsKind.verify(target, state, { image, registry: "localhost:5000" }, context);
    expect(checks.map(({ name, state: found }) => `${name}: ${found}`)).toEqual(
      checks.map(({ name }) => `${name}: ok`),
    );
    const { outcome } = await deploy();
    const [opened] = await pulls();
    expect(outcome).toMatchObject({
      outcome: "proposed",
      message: `proposed in pull request #1, not merged: ${opened?.html_url}`,
      running: `localhost:5000/shop/ui@${sha("0")}`,
    });
    expect(opened).toMatchObject({ state: "open", title: "Deploy ui on dev to sha256:111111111111" });
    expect(opened?.labels.map(({ name }) => name)).toEqual(["deploy"]);
    expect(opened?.requested_reviewers?.map(({ login }) => login)).toEqual(["ann"]);
    expect(await fileOn(overlay)).toBe(kustomization("0"));
    expect(await fileOn(overlay, opened?.head.ref)).toBe(kustomization("1"));
    expect(await gitopsKind.status("ui", target, context)).toMatchObject({
      message: expect.stringContaining(`pull request #1 proposes sha256:111111111111: ${opened?.html_url}`),
    });

    const before = branches();
    expect((await world().deploy()).outcome.message).toContain("#1 by an earlier run");
    expect(branches()).toEqual(before);

    pushFiles({ "README.md": "theirs\n" }, "theirs");
    expect((await world().deploy(second)).outcome.outcome).toBe("proposed");
    const all = await pulls();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ state: "open", title: "Deploy ui on dev to sha256:222222222222" });
    expect(all[0]?.body).toContain("shop/ui@sha256:222222222222");
    expect(await fileOn(overlay, all[0]?.head.ref)).toBe(kustomization("2"));
    expect(await fileOn("README.md", all[0]?.head.ref)).toBe("theirs\n");
    expect(branches()).toHaveLength(1);
  });

  test("of two runs at once is one", async () => {
    const ended = await Promise.all([world().deploy(), world().deploy()]);
    expect(ended.map(({ outcome }) => outcome.outcome)).toEqual(["proposed", "proposed"]);
    // Gitea may let both in; the second is closed again then.
    expect((await pulls()).filter(({ state }) => state === "open").map(({ number }) => number)).toEqual([1]);
  });

  test.each(["squash", "merge", "rebase"])("is followed to the commit of a %s", async (way) => {
    const ended = world({}, { waitMerge: true }).deploy();
    await expect.poll(async () => (await pulls()).length, { timeout: 30_000 }).toBe(1);
    pushFiles({ "README.md": "theirs\n" }, "theirs");
    await merge(1, way);
    const { outcome } = await ended;
    expect(outcome).toMatchObject({ outcome: "done", running: `localhost:5000/shop/ui@${sha("1")}` });
    expect(await fileOn(overlay)).toBe(kustomization("1"));
    expect(outcome.message).toMatch(/^committed [0-9a-f]{10} to main/);
    // The next deployment of the same image has nothing to do, though the branch is still there.
    const { target, context } = world();
    const plan = gitopsKind.plan("ui", target, await gitopsKind.inspect(target, context), image);
    expect(plan.action).toBe("none");
    expect((await world().deploy(second)).outcome.message).toContain("#2");
  });

  test("that a person closed is said so, and is not opened again: not with its branch deleted either", async () => {
    await world().deploy();
    await gitea.call(gitea.person, "PATCH", `${place()}/pulls/1`, { state: "closed" });
    const closed = {
      code: "pull-request-closed",
      message: "pull request #1 with these images was closed without a merge",
    };
    expect(await problemOf(world().deploy())).toMatchObject(closed);
    const branch = branches()[0]?.split("refs/heads/")[1] ?? "";
    await gitea.call(gitea.person, "DELETE", `${place()}/branches/${encodeURIComponent(branch)}`);
    expect(branches()).toEqual([]);
    const [pull] = await pulls();
    console.error(
      `  Gitea names its head ${JSON.stringify({ ref: pull?.head.ref, label: pull?.head.label })}`,
    );
    expect(await problemOf(world().deploy())).toMatchObject(closed);
    expect(await pulls()).toHaveLength(1);
    expect(branches()).toEqual([]);
    expect((await world().deploy(second)).outcome.message).toContain("#2");
  });

  test("whose branch a person has deleted is closed by Gitea, and not opened again", async () => {
    await world().deploy();
    const branch = branches()[0]?.split("refs/heads/")[1] ?? "";
    await gitea.call(gitea.person, "DELETE", `${place()}/branches/${encodeURIComponent(branch)}`);
    await expect.poll(async () => (await pulls())[0]?.state, { timeout: 10_000 }).toBe("closed");
    expect(await problemOf(world().deploy())).toMatchObject({ code: "pull-request-closed" });
    expect(branches()).toEqual([]);
  });

  test("ends --wait-merge when a person closes it, and when the time is up", async () => {
    expect((await world({ mergeTimeoutSeconds: 1 }, { waitMerge: true }).deploy()).outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("#1 was not merged within 1 s; it stays open"),
    });
    const { context, deploy } = world({}, { waitMerge: true });
    const ended = deploy();
    await expect
      .poll(() => context.lines().join("\n"), { timeout: 30_000 })
      .toContain("waiting for the merge");
    await gitea.call(gitea.person, "PATCH", `${place()}/pulls/1`, { state: "closed" });
    expect((await ended).outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("#1 was closed without a merge"),
    });
  });

  test("is taken back by closing it and deleting its branch, and may be proposed again", async () => {
    const { deploy, context } = world();
    const { plan, applied } = await deploy();
    expect(await gitopsKind.revert(plan, applied, context)).toMatchObject({ outcome: "rolled back" });
    expect(branches()).toEqual([]);
    expect((await pulls())[0]).toMatchObject({ state: "closed", merged: false });
    expect((await world().deploy()).outcome.message).toContain("#2");
  });

  test("is not rewritten where a person has committed to its branch", async () => {
    await world().deploy();
    const branch = branches()[0]?.split("refs/heads/")[1] ?? "";
    const theirs = pushFiles({ "NOTES.md": "mine\n" }, "mine", branch);
    expect(await problemOf(world().deploy(second))).toMatchObject({ code: "branch-not-ours" });
    expect(branches()).toEqual([`${theirs}\trefs/heads/${branch}`]);
  });

  test("says which other open pull request changes the same file", async () => {
    await world().deploy();
    const { outcome } = await world({}, { stack: "prod" }).deploy(second);
    const [, first] = await pulls();
    expect(outcome.message).toContain(`; pull request #1 also changes ${overlay}: ${first?.html_url}`);
  });

  test("is waited for by slipway wait", async () => {
    await world().deploy();
    const { target, context } = world();
    const waited = gitopsKind.wait("ui", target, "localhost:5000", context);
    await expect
      .poll(() => context.lines().join("\n"), { timeout: 30_000 })
      .toContain("waiting for the merge");
    await merge(1);
    expect(await waited).toMatchObject({
      outcome: "done",
      running: `localhost:5000/shop/ui@${sha("1")}`,
      details: { pullRequest: 1 },
    });
    expect(await gitopsKind.wait("ui", target, "localhost:5000", world().context)).toBeUndefined();
  });
});

describe("a wrong token", () => {
  const nothing = async () => {
    expect(branches()).toEqual([]);
    expect(await pulls()).toEqual([]);
    expect(await fileOn(overlay)).toBe(kustomization("0"));
  };

  test("for the API is said so before anything is pushed", async () => {
    process.env.API_TOKEN = "0".repeat(40);
    const problem = await problemOf(world().deploy());
    expect(problem).toMatchObject({ code: "forge-refused", value: "API_TOKEN" });
    expect(JSON.stringify(problem)).not.toContain("0".repeat(40));
    await nothing();
  });

  test("for git is said so, and nothing is proposed", async () => {
    process.env.DEPLOY_TOKEN = "0".repeat(40);
    const { target, context } = world();
    const { problems } = await gitopsKind.inspect(target, context);
    console.error(`  refused: ${problems[0]?.message}`);
    expect(problems).toMatchObject([{ code: "repository-refused" }]);
    await nothing();
  });

  test("that may only read is found by git's push", async () => {
    process.env.DEPLOY_TOKEN = await gitea.limitedToken("read:repository");
    expect(await problemOf(world().deploy())).toMatchObject({ code: "repository-refused" });
    await nothing();
  });

  test("that may push and not open pull requests leaves a branch, which the next run takes up", async () => {
    process.env.API_TOKEN = await gitea.limitedToken("read:repository,read:issue");
    expect(await problemOf(world().deploy())).toMatchObject({ code: "forge-refused" });
    const before = branches();
    expect(await pulls()).toEqual([]);
    process.env.API_TOKEN = gitea.deployer;
    expect((await world().deploy()).outcome.outcome).toBe("proposed");
    expect(branches()).toEqual(before);
    expect(await pulls()).toHaveLength(1);
  });
});
