import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { openSandbox } from "../../sandbox/open.ts";

test("actionlint finds nothing wrong with the workflows", async () => {
  const root = await mkdtemp(join(tmpdir(), "slipway-actionlint-"));
  try {
    const sandbox = await openSandbox({ root, emit: () => {}, signal: new AbortController().signal });
    const { path } = await sandbox.tool("actionlint");
    const clone = join(import.meta.dirname, "../..");
    // Without the checkers of shell and Python that it would otherwise use where a machine has them.
    const options = ["-no-color", "-shellcheck=", "-pyflakes="];
    const { exitCode, stdout } = await execa(path, options, { cwd: clone, reject: false });
    expect(stdout).toBe("");
    expect(exitCode).toBe(0);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
