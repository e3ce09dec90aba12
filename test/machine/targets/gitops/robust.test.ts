import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { sha } from "../../../unit/targets/fakes.ts";
import { fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";
import { type OneRun, runOnce } from "./one-run.ts";

const path = "dev/kustomization.yaml";
const kustomization = (letter: string) =>
  `images:\n- name: ui # ours\n  newName: localhost:5000/shop/ui\n  digest: ${sha(letter)}\n`;

let server: GitServer;
let bare: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});
beforeEach(() => {
  for (const who of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${who}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${who}_EMAIL`, "deployer@example.com");
  }
  server.before = () => {};
  server.after = () => {};
  count += 1;
  bare = makeRepository(server.root, `deploy-${count}.git`, { [path]: kustomization("0") });
});

const run = (repository = `${server.url}/deploy-${count}.git`): OneRun => ({
  directory: mkdtempSync(join(tmpdir(), "slipway-robust-")),
  letter: "1",
  target: { kind: "gitops", repository, files: [{ path, kustomize: "ui" }] },
});
const isPush = (at: string, query: string) => at.endsWith("git-receive-pack") && query === "";

test("a network that is lost during the push leaves nothing half done, and the next run ends right", async () => {
  server.before = (at, query) => (isPush(at, query) ? "cut" : undefined);
  const one = run();
  await expect(runOnce(one)).rejects.toMatchObject({ problems: [{ code: "repository-unreachable" }] });
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("1");
  server.before = () => {};
  expect(await runOnce(one)).toBe("done");
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("2");
});

test("an answer that is lost after the push does not make a second commit", async () => {
  let cuts = 0;
  server.after = (at, query) => (isPush(at, query) && cuts++ === 0 ? "cut" : undefined);
  expect(await runOnce(run())).toBe("done");
  // curl may try the same request again on another connection.
  expect(cuts).toBeGreaterThan(0);
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("2");
});

test("an ssh key that the server does not know is named as the reason", async () => {
  const answer = "echo 'git@git.example.com: Permission denied (publickey).' >&2; exit 255; #";
  vi.stubEnv("GIT_SSH_COMMAND", `sh -c "${answer}"`);
  await expect(runOnce(run("ssh://git@git.example.com/acme/deploy.git"))).rejects.toThrow(
    "the server does not accept the ssh key",
  );
});

test("two runs at once with one image make one commit", async () => {
  const [first, second] = await Promise.all([runOnce(run()), runOnce(run())]);
  expect(["done", "unchanged"]).toContain(first);
  expect(["done", "unchanged"]).toContain(second);
  expect(git(bare, "rev-list", "--count", "main").trim()).toBe("2");
});

test("a repository that is itself a shallow copy takes the commit", async () => {
  const shallow = join(server.root, `shallow-${count}.git`);
  git(server.root, "clone", "--quiet", "--bare", "--depth=1", `file://${bare}`, shallow);
  expect(await runOnce(run(`${server.url}/shallow-${count}.git`))).toBe("done");
  expect(fileOn(shallow, path).toString()).toBe(kustomization("1"));
});

test("a hundred thousand files cost one file's content and no more", async () => {
  // One blob, so that only the trees are many.
  const lines = ["blob", "mark :1", "data 2", "x", "", "commit refs/heads/main"];
  lines.push(
    "committer Somebody <somebody@example.com> 1764000000 +0000",
    "data 4",
    "many",
    "from refs/heads/main^0",
  );
  for (let file = 0; file < 100_000; file++) lines.push(`M 100644 :1 apps/a${file % 1000}/f${file}.yaml`);
  spawnSync("git", ["fast-import", "--quiet"], { cwd: bare, input: `${lines.join("\n")}\n` });
  expect(git(bare, "ls-tree", "--name-only", "main:apps").trim().split("\n")).toHaveLength(1000);
  expect(git(bare, "ls-tree", "--name-only", "main:apps/a999").trim().split("\n")).toHaveLength(100);
  const one = run();
  const startedAt = performance.now();
  expect(await runOnce(one)).toBe("done");
  console.info(`a commit among 100,000 files: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  expect(fileOn(bare, path).toString()).toBe(kustomization("1"));
  expect(git(bare, "diff", "--name-only", "main~1", "main").trim()).toBe(path);
  const [cache = ""] = readdirSync(join(one.directory, ".slipway/manifests"));
  const kinds = git(
    join(one.directory, ".slipway/manifests", cache),
    "cat-file",
    "--batch-all-objects",
    "--batch-check=%(objecttype)",
  );
  expect(kinds.split("\n").filter((kind) => kind === "blob").length).toBeLessThanOrEqual(3);
}, 180_000);
