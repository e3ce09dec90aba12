import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkHistory } from "../../../../runner/commands/doctor/job.ts";

describe("the history of a checkout", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-history-"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    return rm(folder, { recursive: true, force: true });
  });

  test("is missed where the checkout is shallow", async () => {
    const origin = join(folder, "origin");
    const git = (...words: readonly string[]) => execa("git", words);
    await git("init", "--quiet", origin);
    const identity = ["-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
    for (const message of ["one", "two"]) {
      await git("-C", origin, ...identity, "commit", "--quiet", "--allow-empty", "--message", message);
    }
    await git("clone", "--quiet", "--depth", "1", `file://${origin}`, join(folder, "shallow"));
    for (const [place, fix] of [
      ["GITHUB_ACTIONS", "set fetch-depth: 0 for actions/checkout"],
      ["GITLAB_CI", "set GIT_DEPTH: 0 for the job"],
      [undefined, "run git fetch --unshallow --tags"],
    ] as const) {
      for (const one of ["GITHUB_ACTIONS", "GITLAB_CI"]) vi.stubEnv(one, one === place ? "true" : "");
      expect(await checkHistory(join(folder, "shallow"))).toMatchObject({ state: "warn", fix });
    }
    expect((await checkHistory(origin)).state).toBe("ok");
  });
});
