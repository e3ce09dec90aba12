import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import type { CommandContext, CommandResult } from "../../../../runner/cli/command.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import { type GitopsStage, manifestVersion, tellGitops } from "../../../../sandbox/demo/gitops.ts";
import { fakeContext, image, sha } from "../../../unit/targets/fakes.ts";

const clone = join(import.meta.dirname, "../../../..");
const running = `${image.registry}/shop/ui@${sha("0")}`;

// A machine whose git knows nobody, and would sign what it commits.
beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), "slipway-home-"));
  const settings = join(home, ".gitconfig");
  writeFileSync(settings, "[commit]\ngpgSign = true\n[user]\nuseConfigOnly = true\n");
  vi.stubEnv("GIT_CONFIG_GLOBAL", settings);
});
afterEach(() => vi.unstubAllEnvs());

/** The chapter's stage with the real target and a real repository, and no AWS. */
function stage(change: Partial<GitopsStage> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "slipway-demo-"));
  mkdirSync(join(directory, "examples"));
  cpSync(join(clone, "examples/shop"), join(directory, "examples/shop"), { recursive: true });
  cpSync(join(clone, "services.yaml"), join(directory, "services.yaml"));
  const said: string[] = [];
  const context = {
    ...fakeContext(),
    directory,
    release: { stack: "sandbox" },
  };
  const move = async (digest: string): Promise<CommandResult> => {
    const catalogue = parse(readFileSync(join(directory, "services.yaml"), "utf8")) as {
      services: { ui: { targets: object[] } };
    };
    const written = gitopsTargetSchema.parse(catalogue.services.ui.targets[1]);
    const target = resolveGitopsTarget(written, "ui", (text) => text.replaceAll("${stack}", "sandbox"));
    const wanted = { ...image, digest };
    const plan = gitopsKind.plan("ui", target, await gitopsKind.inspect(target, context), wanted);
    expect(plan.problems).toEqual([]);
    // The image, and one line.
    expect(plan.changes).toHaveLength(2);
    await gitopsKind.apply(plan, wanted, context);
    return { exitCode: 0, text: "moved", document: { services: [{ service: "ui", digest }] } };
  };
  const own: GitopsStage = {
    context: {
      directory,
      signal: context.signal,
      output: "text",
      emit: (event) => {
        if (event.kind === "notice") said.push(event.message);
      },
    } satisfies CommandContext,
    stack: "sandbox",
    workspace: {
      directory,
      commit: async () => "1234567",
      write: async (path, text) => writeFileSync(join(directory, path), text),
    },
    plan: async () => ({ exitCode: 0, text: "the plan", document: {} }),
    deploy: () => move(sha("1")),
    rollback: () => move(sha("0")),
    ...change,
  };
  return { own, said };
}

test("the chapter moves one line by a commit, shows it, and takes it back by another", async () => {
  const { own, said } = stage();
  const told = await tellGitops(own, manifestVersion(3), running);
  expect(told.commits.map((line) => line.replace(/^\S+ /, ""))).toEqual([
    expect.stringMatching(/^Deploy ui on sandbox to sha256:0/),
    expect.stringMatching(/^Deploy ui on sandbox to sha256:1/),
    "The shop's manifests",
  ]);
  const commit = said.find((text) => text.startsWith("The commit that")) ?? "";
  expect(commit.match(/^ {2}[-+] .*$/gm)).toEqual([
    `  -    digest: ${sha("0")}`,
    `  +    digest: ${sha("1")}`,
  ]);
  expect(commit).toContain("Slipway-Service: ui");
  expect(readFileSync(join(own.workspace.directory, "examples/shop/ui/VERSION"), "utf8")).toBe("1.3.1\n");
  expect(told.chapters.map(({ title }) => title)).toEqual([
    "plan a line of a manifest",
    "deploy to ECS and a manifest",
    "roll both back",
  ]);
  expect(process.env.GIT_AUTHOR_NAME).toBeUndefined();
});

test("the chapter fails when the story does not go as told", async () => {
  const failed = stage({ deploy: async () => ({ exitCode: 1, text: "", document: {} }) });
  await expect(tellGitops(failed.own, "1.1.1", running)).rejects.toThrow("exit code 1");
  const nothing = stage({
    deploy: async () => ({ exitCode: 0, text: "", document: { services: [{ digest: sha("1") }] } }),
  });
  await expect(tellGitops(nothing.own, "1.1.1", running)).rejects.toThrow("does not differ by the digest");
  const stays = stage({ rollback: async () => ({ exitCode: 0, text: "", document: {} }) });
  await expect(tellGitops(stays.own, "1.1.1", running)).rejects.toThrow("is not what it was");
});
