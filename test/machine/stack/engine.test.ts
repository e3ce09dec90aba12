import { access, chmod, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findEngine } from "../../../runner/stack/engine.ts";

/** Stands for the Pulumi CLI: leaves a file in its folder for temporary ones, and says which that is. */
const pulumi = `#!/bin/sh
if [ "$1" = version ]; then echo v3.245.0; exit 0; fi
touch "$TMPDIR/pipe"
printf %s "$TMPDIR"
[ "$1" != fail ]
`;

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "slipway-test-")));
  await writeFile(join(directory, "pulumi"), pulumi);
  await chmod(join(directory, "pulumi"), 0o755);
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env.PATH}`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

test.each([["preview"], ["fail"]])(
  "what the engine leaves in its temporary folder goes with it: %s",
  async (word) => {
    const engine = await findEngine(new AbortController().signal);
    const told: string[] = [];
    await engine.run([word], directory, {}, (text) => told.push(text)).catch(() => {});
    const temporary = told.join("");
    expect(temporary).toContain("slipway-engine-");
    await expect(access(temporary)).rejects.toThrow("ENOENT");
  },
);
