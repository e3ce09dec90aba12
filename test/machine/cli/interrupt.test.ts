import { once } from "node:events";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** Starts the command and sends it signals, the next one as soon as something is said of the one before. */
async function interrupted(kind: "polite" | "stubborn", signals: readonly NodeJS.Signals[]) {
  const child = execa(
    join(root, "node_modules/.bin/node"),
    [join(import.meta.dirname, "waiting-command.ts"), kind],
    {
      reject: false,
    },
  );
  for (const signal of signals) {
    await once(child.stderr, "data");
    child.kill(signal);
  }
  const { exitCode, stderr, stdout } = await child;
  return { exitCode, stderr, stdout };
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "the first %s stops cleanly, says so, and exits with 130",
  async (signal) => {
    const { exitCode, stderr, stdout } = await interrupted("polite", [signal]);
    expect(exitCode).toBe(130);
    expect(stderr).toContain("stopping cleanly");
    expect(stderr).toContain("run the command again to finish");
    expect(stdout).toBe("");
  },
);

test("the second one ends the process at once", async () => {
  // It would go on for longer than a test may take.
  const { exitCode, stdout } = await interrupted("stubborn", ["SIGINT", "SIGINT"]);
  expect(exitCode).toBe(130);
  expect(stdout).toBe("");
});
