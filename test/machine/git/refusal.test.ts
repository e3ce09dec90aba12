import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { UserError } from "../../../config/problems/errors.ts";
import { checkHistory } from "../../../runner/commands/doctor/job.ts";
import { checkGit } from "../../../runner/commands/doctor/tools.ts";
import { readTree } from "../../../runner/commands/init/tree.ts";
import { findGitBase } from "../../../runner/git/base.ts";
import { readRevision } from "../../../runner/git/revision.ts";

let directory: string;
let binaries: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-foreign-"));
  binaries = await mkdtemp(join(tmpdir(), "slipway-git-"));
  await execa("git", ["-C", directory, "init", "--quiet"]);
  // Git's own switch for tests, which takes every repository for another user's. In a script, since
  // Slipway hands no such variable on.
  const { stdout: git } = await execa("sh", ["-c", "command -v git"]);
  const variables = `-u XDG_CONFIG_HOME HOME=${binaries} GIT_CONFIG_NOSYSTEM=1 GIT_TEST_ASSUME_DIFFERENT_OWNER=1`;
  await writeFile(join(binaries, "git"), `#!/bin/sh\nexec env ${variables} ${git} "$@"\n`, { mode: 0o755 });
});

beforeEach(() => {
  vi.stubEnv("PATH", `${binaries}:${process.env.PATH ?? ""}`);
});

afterAll(async () => {
  for (const one of [directory, binaries]) await rm(one, { recursive: true, force: true });
});

afterEach(() => vi.unstubAllEnvs());

test.each([
  ["tags", () => readRevision(directory)],
  ["--since", () => findGitBase(directory, "main")],
  ["init", () => readTree(directory)],
])("a repository of another user's is not taken for none: %s", async (_, read) => {
  const problems = await read().then(
    () => [],
    (error: UserError) => error.problems,
  );
  expect(problems).toMatchObject([
    {
      code: "foreign-repository",
      where: directory,
      fix: `if you trust it, run: git config --global --add safe.directory ${directory}`,
    },
  ]);
});

test("doctor says so as it says everything else", async () => {
  const signal = AbortSignal.timeout(10_000);
  for (const check of [checkGit(directory, signal), checkHistory(directory)]) {
    expect(await check).toMatchObject({
      state: "fail",
      fix: expect.stringContaining("safe.directory") as string,
    });
  }
});
