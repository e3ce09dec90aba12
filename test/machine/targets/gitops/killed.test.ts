import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { sha } from "../../../unit/targets/fakes.ts";
import { fileOn, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";
import { type GithubServer, serveGithub } from "./github-server.ts";
import { type OneRun, runOnce } from "./one-run.ts";

// A run that is killed at any point, and a second one that ends right.

const token = "t0ken";
const path = "dev/kustomization.yaml";
const kustomization = (letter: string) =>
  `images:\n- name: ui # ours\n  newName: localhost:5000/shop/ui\n  digest: ${sha(letter)}\n`;

let server: GitServer;
let github: GithubServer;
let bare: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => {
  server.close();
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
  server.before = () => {};
  server.after = () => {};
  bare = makeRepository(server.root, `${count}/acme/deploy.git`, { [path]: kustomization("0") });
  github?.close();
  github = await serveGithub(bare, token);
});

const run = (deliver: "push" | "pull-request"): OneRun => ({
  directory: mkdtempSync(join(tmpdir(), "slipway-killed-")),
  letter: "1",
  target: {
    kind: "gitops",
    repository: `${server.url}/${count}/acme/deploy.git`,
    files: [{ path, kustomize: "ui" }],
    deliver,
    ...(deliver === "push"
      ? {}
      : { pullRequest: { forge: "github", api: github.url, tokenEnvironment: "FORGE_TOKEN" } }),
  },
});

/** Starts a run as a process of its own, and kills it as soon as it comes to a point. */
async function killAt(one: OneRun, arm: (reached: () => void) => void) {
  let reached = () => {};
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  arm(() => reached());
  const child = spawn(process.execPath, [join(import.meta.dirname, "one-run.ts"), JSON.stringify(one)], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = new Promise<string>((resolve) => child.on("exit", (_, signal) => resolve(signal ?? "ended")));
  await Promise.race([isReached, ended]);
  // With the git that it has started.
  if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  expect(await ended).toBe("SIGKILL");
  server.before = () => {};
  server.after = () => {};
  github.hold = undefined;
}

const never = () => new Promise(() => {});
/** Stops at a request of git, before it is answered. */
const before =
  (end: string, query = "") =>
  (reached: () => void) => {
    server.before = (at, asked) => {
      if (!at.endsWith(end) || !asked.includes(query)) return undefined;
      reached();
      return never();
    };
  };
const points = [
  ["while it makes its copy", before("info/refs", "upload-pack")],
  ["while it reads the file", before("git-upload-pack")],
  ["after its commit, before the push", before("info/refs", "receive-pack")],
  ["while it pushes", before("git-receive-pack")],
  [
    "when it has pushed, before it knows",
    (reached: () => void) => {
      server.after = (at, query) => {
        if (!at.endsWith("git-receive-pack") || query !== "") return undefined;
        reached();
        return never();
      };
    },
  ],
] as const;

describe("a run that pushes, killed", () => {
  test.each(points)(
    "%s, is finished by the next one",
    async (_, arm) => {
      const one = run("push");
      await killAt(one, arm);
      expect(["done", "unchanged"]).toContain(await runOnce(one));
      expect(fileOn(bare, path).toString()).toBe(kustomization("1"));
      expect(git(bare, "rev-list", "--count", "main").trim()).toBe("2");
      expect(await runOnce(one)).toBe("unchanged");
    },
    180_000,
  );
});

describe("a run that proposes, killed", () => {
  const hold = (call: RegExp, when: "before" | "after") => (reached: () => void) => {
    github.hold = async (asked, moment) => {
      if (moment !== when || !call.test(asked)) return;
      reached();
      await never();
    };
  };
  test.each([
    ...points,
    ["before its pull request is made", hold(/^POST .*\/pulls$/, "before")],
    ["when its pull request is made, before it knows", hold(/^POST .*\/pulls$/, "after")],
    ["while it waits for the merge", hold(/^GET .*\/pulls\/\d+$/, "before")],
  ] as const)(
    "%s, is finished by the next one",
    async (_, arm) => {
      const one = { ...run("pull-request"), waitMerge: true };
      await killAt(one, arm);
      expect(await runOnce({ ...one, waitMerge: false })).toBe("proposed");
      expect(github.pulls.map(({ number, state }) => [number, state])).toEqual([[7, "open"]]);
      const head = github.pulls[0]?.head.ref ?? "";
      expect(fileOn(bare, path, head).toString()).toBe(kustomization("1"));
      expect(git(bare, "rev-list", "--count", `main..${head}`).trim()).toBe("1");
      github.merge(7);
      expect(await runOnce(one)).toBe("unchanged");
      expect(fileOn(bare, path).toString()).toBe(kustomization("1"));
    },
    180_000,
  );
});
