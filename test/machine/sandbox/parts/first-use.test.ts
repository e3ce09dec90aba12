import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installForFirstUse } from "../../../../sandbox/parts/first-use.ts";

let directory: string;
let place: string;
/** The machine's own syft. */
let own: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway it's a test "));
  place = join(directory, "programs", "syft");
  own = join(directory, "own", "syft");
  await mkdir(join(own, ".."));
  const told = 'echo "syft $1"; env | cut -d= -f1 >"$(dirname "$0")/environment"; exit 3';
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo "syft 1.40.0" && exit\n${told}\n`;
  await writeFile(own, script, { mode: 0o755 });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a tool comes with its first call, is run as it was called, and has its own place from then on", async () => {
  await installForFirstUse("syft", place, { HOME: directory, SLIPWAY_CACHE: join(directory, "cache") });
  expect((await stat(place)).mode & 0o777).toBe(0o700);
  const path = [join(place, ".."), join(own, ".."), process.env.PATH].join(delimiter);
  // As Slipway calls it: without the user's HOME, and with hardly a variable.
  const call = () =>
    execa("syft", ["scan it's"], { env: { PATH: path, HOME: "/" }, extendEnv: false, reject: false });
  const first = await call();
  expect(first).toMatchObject({ exitCode: 3, stdout: "syft scan it's" });
  expect(first.stderr).toContain("syft: makes bills of materials of images");
  const names = (await readFile(join(own, "..", "environment"), "utf8")).trim().split("\n");
  expect(names).not.toContain("SLIPWAY_TOOLCHAIN");
  expect(names).not.toContain("SLIPWAY_CACHE");
  expect(await readlink(place)).toBe(own);
  expect(await call()).toMatchObject({ exitCode: 3, stdout: "syft scan it's", stderr: "" });
});

test("what was got before is looked for again, as it may be gone", async () => {
  await installForFirstUse("syft", place, {});
  await rm(place);
  await writeFile(place, "");
  await installForFirstUse("syft", place, {});
  expect(await readFile(place, "utf8")).toContain("# Gets syft when it is first called");
});
