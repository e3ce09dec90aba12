import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { differOnlyByEngine } from "../../../runner/git/engine-keys.ts";
import { readRevision } from "../../../runner/git/revision.ts";

const settings = "config:\n  aws:region: eu-west-1\n";
const salted = `encryptionsalt: v1:abc=:v1:def\n${settings}`;

test("the engine's own keys are no difference, everything else is", () => {
  expect(differOnlyByEngine(settings, salted)).toBe(true);
  expect(differOnlyByEngine(salted, `# a comment\n${settings}`)).toBe(true);
  expect(differOnlyByEngine(settings, salted.replace("eu-west-1", "eu-west-2"))).toBe(false);
  expect(differOnlyByEngine(settings, "config: [")).toBe(false);
});

let directory: string;
const git = (...words: readonly string[]) =>
  execa("git", ["-C", directory, "-c", "user.name=t", "-c", "user.email=t@localhost", ...words]);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-salt-"));
  await git("init", "--quiet");
  await writeFile(join(directory, "Pulumi.dev.yaml"), settings);
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "first");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test("the salt that the first pulumi up writes leaves a clone clean", async () => {
  await writeFile(join(directory, "Pulumi.dev.yaml"), salted);
  expect((await readRevision(directory, {}))?.uncommitted).toEqual([]);
  await writeFile(join(directory, "Pulumi.dev.yaml"), salted.replace("eu-west-1", "eu-west-2"));
  expect((await readRevision(directory, {}))?.uncommitted).toEqual(["Pulumi.dev.yaml"]);
  await writeFile(join(directory, "Pulumi.prod.yaml"), salted);
  expect((await readRevision(directory, {}))?.uncommitted).toEqual(["Pulumi.dev.yaml", "Pulumi.prod.yaml"]);
});
