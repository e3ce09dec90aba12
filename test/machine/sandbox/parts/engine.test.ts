import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostScript } from "../../../../sandbox/parts/engine.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway test "));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** What an older language host is started with, one word a line, in a project with this Pulumi.yaml. */
async function wordsWith(project: string | undefined): Promise<readonly string[]> {
  const host = join(directory, "it's a host");
  await writeFile(host, `#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n`, { mode: 0o755 });
  await writeFile(join(directory, "start"), hostScript(host), { mode: 0o755 });
  if (project !== undefined) await writeFile(join(directory, "Pulumi.yaml"), project);
  const { stdout } = await execa(join(directory, "start"), ["127.0.0.1:1234"], { cwd: directory });
  return stdout.split("\n");
}

describe("an older language host", () => {
  test("gets the project's runtime options as its flags", async () => {
    const project = `name: p
runtime:
  name: nodejs
  options:
    # a comment
    typescript: false
    nodeargs: --import=./infra/start-up.ts --no-warnings
`;
    expect(await wordsWith(project)).toEqual([
      "-typescript=false",
      "-nodeargs=--import=./infra/start-up.ts --no-warnings",
      "127.0.0.1:1234",
    ]);
  });

  test.each([
    ["a project without options", "name: p\nruntime: nodejs\n"],
    ["no project", undefined],
  ])("gets none for %s", async (_, project) => {
    expect(await wordsWith(project)).toEqual(["127.0.0.1:1234"]);
  });
});
