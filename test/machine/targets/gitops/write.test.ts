import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { UserError } from "../../../../config/problems/errors.ts";
import { openClone } from "../../../../runner/targets/gitops/repository/clone.ts";
import type { TargetToWrite } from "../../../../runner/targets/gitops/repository/edits.ts";
import { type Remote, remoteOf } from "../../../../runner/targets/gitops/repository/remote.ts";
import { writeImages } from "../../../../runner/targets/gitops/repository/write.ts";
import { commitFiles, fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";

const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const values = (name: string, letter: string) =>
  `# values of ${name}\r\nimage:\r\n  repository: ${registry}/shop/${name}   # by Slipway\r\n  digest: "${digest(letter)}"\r\n`;

let server: GitServer;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => {
  vi.stubEnv("GIT_AUTHOR_NAME", "Deployer");
  vi.stubEnv("GIT_AUTHOR_EMAIL", "deployer@example.com");
  vi.stubEnv("GIT_COMMITTER_NAME", "Deployer");
  vi.stubEnv("GIT_COMMITTER_EMAIL", "deployer@example.com");
});

function repository(files: Readonly<Record<string, string>>) {
  count += 1;
  const name = `deploy-${count}.git`;
  const bare = makeRepository(server.root, name, files);
  return { bare, remote: remote(`${server.url}/${name}`) };
}

function remote(address: string, branch = "main"): Remote {
  const directory = mkdtempSync(join(tmpdir(), "slipway-gitops-"));
  return remoteOf({ repository: address, branch }, directory);
}

function target(name: string, letter: string, before: string): TargetToWrite {
  return {
    title: `gitops ${name}`,
    service: name,
    revision: "a".repeat(40),
    places: [
      {
        place: {
          path: `apps/${name}/values.yaml`,
          kind: "helm",
          key: "image",
          steps: [{ kind: "key", key: "image" }],
        },
        image: { registry, repository: `shop/${name}`, digest: digest(letter), tag: undefined },
        expected: `${registry}/shop/${name}@${digest(before)}`,
      },
    ],
  };
}

const write = async (to: Remote, targets: readonly TargetToWrite[]) =>
  writeImages(await openClone(to), { targets, stack: "dev", why: "deploy" }, new AbortController().signal);

test("one commit sets the images of all services, with trailers, and changes nothing else", async () => {
  const { bare, remote } = repository({
    "apps/ui/values.yaml": values("ui", "0"),
    "apps/cart/values.yaml": values("cart", "0"),
    "README.md": "hello",
  });
  const written = await write(remote, [target("ui", "1", "0"), target("cart", "2", "0")]);
  expect(written).toMatchObject([
    { kind: "done", changed: true, rounds: 1 },
    { kind: "done", changed: true },
  ]);
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "1"));
  expect(fileOn(bare, "apps/cart/values.yaml").toString()).toBe(values("cart", "2"));
  expect(git(bare, "diff", "--stat", "main~1", "main").split("\n")).toHaveLength(4);
  expect(git(bare, "log", "-1", "--format=%an <%ae>%n%B", "main")).toBe(
    [
      "Deployer <deployer@example.com>",
      // By name, in whatever order the services were ready.
      "Deploy cart, ui on dev",
      "",
      "Slipway-Stack: dev",
      "Slipway-Service: cart",
      "Slipway-Service: ui",
      `Slipway-Image: cart ${registry}/shop/cart@${digest("2")} ${"a".repeat(40)}`,
      `Slipway-Image: ui ${registry}/shop/ui@${digest("1")} ${"a".repeat(40)}`,
      "",
      "",
    ].join("\n"),
  );
  expect(git(bare, "fsck", "--full", "--strict")).not.toContain("error");
});

test("what is there already needs no commit", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": values("ui", "1") });
  const tip = git(bare, "rev-parse", "main").trim();
  expect(await write(remote, [target("ui", "1", "0")])).toMatchObject([{ changed: false, commit: tip }]);
  expect(git(bare, "rev-parse", "main").trim()).toBe(tip);
});

test("twenty writers at once all get through, and nobody's change is lost", async () => {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const files = Object.fromEntries(names.map((name) => [`apps/${name}/values.yaml`, values(name, "0")]));
  const { bare, remote: first } = repository(files);
  // Each has a copy of its own, as twenty machines do.
  const results = await Promise.all(
    names.map((name) => write(remote(first.address), [target(name, "1", "0")])),
  );
  for (const name of names)
    expect(fileOn(bare, `apps/${name}/values.yaml`).toString()).toBe(values(name, "1"));
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("21");
  expect(git(bare, "rev-list", "--min-parents=2", "main").trim()).toBe("");
  const rounds = results.flat().map((one) => (one.kind === "done" ? one.rounds : 0));
  expect(Math.min(...rounds)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...rounds)).toBeLessThanOrEqual(50);
  console.info(`rounds of twenty writers: ${rounds.toSorted((a, b) => a - b).join(" ")}`);
}, 180_000);

test("an edit of somebody else in the same file, pushed during ours, stays", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": `${values("ui", "0")}replicas: 1\r\n` });
  let pushed = false;
  server.before = (path, query) => {
    if (pushed || !path.includes(`deploy-${count}`) || !query.includes("git-receive-pack")) return;
    pushed = true;
    commitFiles(bare, { "apps/ui/values.yaml": `# theirs\r\n${values("ui", "0")}replicas: 7\r\n` }, "theirs");
  };
  const written = await write(remote, [target("ui", "1", "0")]);
  server.before = () => {};
  expect(written).toMatchObject([{ kind: "done", changed: true, rounds: 2 }]);
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(
    `# theirs\r\n${values("ui", "1")}replicas: 7\r\n`,
  );
});

test("an image that somebody else has set meanwhile is not replaced without a new plan", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": values("ui", "7") });
  const [written] = await write(remote, [target("ui", "1", "0")]);
  expect(written).toMatchObject({ kind: "failed", error: { name: "ChangedSincePlan" } });
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "7"));
});

test("a service that can't be written fails alone", async () => {
  const { bare, remote } = repository({
    "apps/ui/values.yaml": values("ui", "0"),
    "apps/cart/values.yaml": "a: {{ b }}",
  });
  const written = await write(remote, [target("cart", "1", "0"), target("ui", "1", "0")]);
  expect(written).toMatchObject([
    { kind: "failed", error: { problems: [{ code: "manifest-refused" }] } },
    { kind: "done", changed: true },
  ]);
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "1"));
});

const problemOf = async (to: Remote, targets = [target("ui", "1", "0")]) => {
  try {
    const [written] = await write(to, targets);
    return written?.kind === "failed" ? (written.error as UserError).problems[0] : undefined;
  } catch (error) {
    return (error as UserError).problems?.[0] ?? error;
  }
};

test("a server that rejects the push is quoted, and nothing has changed", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": values("ui", "0") });
  const tip = git(bare, "rev-parse", "main");
  const hook = join(bare, "hooks", "pre-receive");
  writeFileSync(
    hook,
    "#!/bin/sh\necho 'GH006: Protected branch update failed for refs/heads/main.' >&2\nexit 1\n",
  );
  chmodSync(hook, 0o755);
  expect(await problemOf(remote)).toMatchObject({
    code: "push-rejected",
    message:
      "the server rejected the push (pre-receive hook declined): GH006: Protected branch update failed for refs/heads/main.",
    fix: "let the account of this run push to the branch, by a rule's bypass list, or name a branch that it may push to",
  });
  expect(git(bare, "rev-parse", "main")).toBe(tip);
});

test("a branch, an empty repository, a repository and a server that are not there are told apart", async () => {
  const { remote: there } = repository({ "apps/ui/values.yaml": values("ui", "0") });
  expect(await problemOf(remote(there.address, "prod"))).toMatchObject({ code: "branch-not-found" });
  git(server.root, "init", "--quiet", "--bare", "empty.git");
  expect(await problemOf(remote(`${server.url}/empty.git`))).toMatchObject({ code: "branch-not-found" });
  expect(await problemOf(remote(`${server.url}/nothing.git`))).toMatchObject({ code: "repository-refused" });
  expect(await problemOf(remote("/nonexistent/deploy.git"))).toMatchObject({ code: "repository-refused" });
  expect(await problemOf(remote("http://127.0.0.1:1/deploy.git"))).toMatchObject({
    code: "repository-unreachable",
  });
});

test("files elsewhere are refused: links that lead out, submodules, Git LFS, folders", async () => {
  const { bare, remote } = repository({
    "apps/ui/real.yaml": values("ui", "0"),
    "apps/lfs/values.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n",
    "apps/folder/values.yaml/a": "",
  });
  const work = mkdtempSync(join(tmpdir(), "slipway-git-links-"));
  git(work, "clone", "--quiet", bare, ".");
  symlinkSync("real.yaml", join(work, "apps/ui/values.yaml"));
  mkdirSync(join(work, "apps/out"));
  symlinkSync("../../../etc/passwd", join(work, "apps/out/values.yaml"));
  git(
    work,
    "update-index",
    "--add",
    "--cacheinfo",
    `160000,${git(work, "rev-parse", "HEAD").trim()},apps/sub`,
  );
  git(work, "add", "apps");
  git(
    work,
    "update-index",
    "--add",
    "--cacheinfo",
    `160000,${git(work, "rev-parse", "HEAD").trim()},apps/sub`,
  );
  git(work, "commit", "--quiet", "-m", "links");
  git(work, "push", "--quiet", "origin", "main");
  const of = async (name: string) => problemOf(remote, [target(name, "1", "0")]);
  expect(await of("out")).toMatchObject({ code: "path-outside" });
  expect(await of("sub")).toMatchObject({
    code: "manifest-refused",
    message: expect.stringContaining("submodule"),
  });
  expect(await of("lfs")).toMatchObject({
    code: "manifest-refused",
    message: expect.stringContaining("Git LFS"),
  });
  expect(await of("folder")).toMatchObject({ code: "manifest-not-found" });
  expect(await of("none")).toMatchObject({ code: "manifest-not-found" });
  // A link that stays inside is followed, and stays a link.
  expect(await problemOf(remote)).toBeUndefined();
  expect(fileOn(bare, "apps/ui/real.yaml").toString()).toBe(values("ui", "1"));
  expect(git(bare, "ls-tree", "main", "apps/ui/values.yaml")).toMatch(/^120000 /);
});

test("without an identity, git's configuration is named", async () => {
  const { remote } = repository({ "apps/ui/values.yaml": values("ui", "0") });
  for (const name of ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("GIT_CONFIG_COUNT", "1");
  vi.stubEnv("GIT_CONFIG_KEY_0", "user.useConfigOnly");
  vi.stubEnv("GIT_CONFIG_VALUE_0", "true");
  vi.stubEnv("GIT_CONFIG_GLOBAL", "/dev/null");
  expect(await problemOf(remote)).toMatchObject({ code: "no-git-identity" });
});

test("a commit is signed where git is configured to sign", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": values("ui", "0") });
  const key = join(mkdtempSync(join(tmpdir(), "slipway-sign-")), "key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const settings = { "gpg.format": "ssh", "user.signingKey": key, "commit.gpgSign": "true" };
  for (const [index, [name, value]] of Object.entries(settings).entries()) {
    vi.stubEnv(`GIT_CONFIG_KEY_${index}`, name);
    vi.stubEnv(`GIT_CONFIG_VALUE_${index}`, value);
  }
  vi.stubEnv("GIT_CONFIG_COUNT", "3");
  expect(await problemOf(remote)).toBeUndefined();
  expect(git(bare, "cat-file", "commit", "main")).toContain("gpgsig -----BEGIN SSH SIGNATURE-----");
  vi.stubEnv("GIT_CONFIG_VALUE_1", "/nonexistent/key");
  expect(await problemOf(remote, [target("ui", "2", "1")])).toMatchObject({ code: "signing-failed" });
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "1"));
});

test("a token reaches the server, and is in no file, message or address", async () => {
  const guarded = await serveGit("s3cret-token");
  try {
    const bare = makeRepository(guarded.root, "deploy.git", { "apps/ui/values.yaml": values("ui", "0") });
    const directory = mkdtempSync(join(tmpdir(), "slipway-gitops-"));
    const address = `${guarded.url}/deploy.git`;
    const with_ = (tokenEnvironment?: string) =>
      remoteOf(
        { repository: address, branch: "main", ...(tokenEnvironment && { tokenEnvironment }) },
        directory,
      );
    expect(await problemOf(with_())).toMatchObject({ code: "repository-refused" });
    expect(await problemOf(with_("DEPLOY_TOKEN"))).toMatchObject({ value: "DEPLOY_TOKEN" });
    vi.stubEnv("DEPLOY_TOKEN", "wr0ng-token");
    const wrong = await problemOf(with_("DEPLOY_TOKEN"));
    expect(wrong).toMatchObject({ code: "repository-refused" });
    expect(JSON.stringify(wrong)).not.toContain("wr0ng-token");
    vi.stubEnv("DEPLOY_TOKEN", "s3cret-token");
    expect(await problemOf(with_("DEPLOY_TOKEN"))).toBeUndefined();
    expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "1"));
    const basic = Buffer.from("x-access-token:s3cret-token").toString("base64");
    const found = spawnSync("grep", ["-rlE", `s3cret-token|${basic}`, directory], { encoding: "utf8" });
    expect(found.stdout).toBe("");
  } finally {
    guarded.close();
  }
});

test("what a run that was killed has left is no obstacle: locks, half a copy, a damaged one", async () => {
  const { bare, remote } = repository({ "apps/ui/values.yaml": values("ui", "0") });
  expect(await problemOf(remote)).toBeUndefined();
  const ref = join(remote.cache, "refs/remotes/origin");
  mkdirSync(ref, { recursive: true });
  writeFileSync(join(ref, "main.lock"), "");
  commitFiles(bare, { "README.md": "new" }, "theirs");
  expect(await problemOf(remote, [target("ui", "2", "1")])).toBeUndefined();
  rmSync(join(remote.cache, "HEAD"));
  expect(await problemOf(remote, [target("ui", "3", "2")])).toBeUndefined();
  mkdirSync(`${remote.cache}.half`);
  expect(await problemOf(remote, [target("ui", "4", "3")])).toBeUndefined();
  expect(fileOn(bare, "apps/ui/values.yaml").toString()).toBe(values("ui", "4"));
}, 120_000);
