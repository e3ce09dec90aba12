import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommandContext, CommandResult } from "../../runner/cli/command.ts";
import { type Git, openGit } from "../../runner/git/git.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import { expectExit, timed } from "./story.ts";
import type { Chapter } from "./timeline.ts";
import type { Workspace } from "./workspace.ts";

/** What the chapter on manifests needs of the world; each is the real thing. */
export interface GitopsStage {
  readonly context: CommandContext;
  readonly workspace: Workspace;
  readonly stack: string;
  plan(services: readonly string[]): Promise<CommandResult>;
  deploy(services: readonly string[]): Promise<CommandResult>;
  rollback(services: readonly string[]): Promise<CommandResult>;
}

/** What was told of manifests, for `--output json`. */
export interface GitopsTold {
  readonly chapters: readonly Chapter[];
  readonly plan: CommandResult;
  readonly deployment: CommandResult;
  readonly rollback: CommandResult;
  /** The repository's history at the end, the newest commit first: `1a2b3c4 Deploy ui on sandbox`. */
  readonly commits: readonly string[];
}

/** Version that the chapter gives `ui` in the demo's so-manieth run: newer than the one that the run began with. */
export function manifestVersion(run: number): string {
  return `1.${run}.1`;
}

/** Where the repository of manifests lies, in the workspace. */
const repository = ".slipway/shop/deploy.git";

/** Neither the user's name nor the user's keys have a part in a demo. */
const identity = {
  GIT_AUTHOR_NAME: "Slipway demo",
  GIT_AUTHOR_EMAIL: "demo@localhost",
  GIT_COMMITTER_NAME: "Slipway demo",
  GIT_COMMITTER_EMAIL: "demo@localhost",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "commit.gpgSign",
  GIT_CONFIG_VALUE_0: "false",
};

/**
 * The part of the story for teams on Kubernetes: `ui` gets a second target, a manifest in a git repository. One run
 * moves the ECS service and the manifest to the same image, and a rollback moves both back. Needs git alone.
 *
 * @param running the image that `ui` runs, by digest: `registry/shop/ui@sha256:…`
 * @throws when something differs from the story
 */
export async function tellGitops(stage: GitopsStage, version: string, running: string): Promise<GitopsTold> {
  const { context, workspace, stack } = stage;
  const chapters: Chapter[] = [];
  const say = (message: string) => context.emit({ kind: "notice", message });
  const chapter = (title: string, work: () => Promise<CommandResult>) => timed(chapters, title, work);

  say("The same for Kubernetes: ui is also a line of a manifest in git, which Argo CD or Flux applies.");
  const path = `ui/overlays/${stack}/kustomization.yaml`;
  const manifests = await makeRepository(workspace.directory, stack, path, running);
  const manifest = () => manifests.text(["cat-file", "blob", `main:${path}`]);
  const before = await manifest();
  const catalogue = await readFile(join(workspace.directory, "services.yaml"), "utf8");
  await workspace.write("services.yaml", withManifest(catalogue));
  await workspace.write("examples/shop/ui/VERSION", `${version}\n`);
  await workspace.commit(`ui ${version}, with a manifest`);

  say(`slipway plan ui --stack ${stack}`);
  const plan = await chapter("plan a line of a manifest", () => stage.plan(["ui"]));
  say(plan.text);
  expectExit(plan, 0, "the plan of the manifest");

  say(`slipway deploy ui --stack ${stack}   (one run: the ECS service and the manifest)`);
  const deployment = await chapter("deploy to ECS and a manifest", () =>
    inTheDemosName(() => stage.deploy(["ui"])),
  );
  say(deployment.text);
  expectExit(deployment, 0, "the deployment to the manifest");
  say(`The commit that Argo CD or Flux finds:\n${await shownCommit(manifests)}`);
  const [deployed] = (deployment.document as DeployDocument).services;
  if (deployed === undefined || (await manifest()) !== withDigest(before, deployed.digest)) {
    throw new Error(`${path} does not differ by the digest of ui alone:\n${await manifest()}`);
  }

  say(`slipway rollback ui --stack ${stack}   (a commit of its own, and never a force push)`);
  const rollback = await chapter("roll both back", () => inTheDemosName(() => stage.rollback(["ui"])));
  say(rollback.text);
  expectExit(rollback, 0, "the rollback of the manifest");
  if ((await manifest()) !== before) {
    throw new Error(`${path} is not what it was before the deployment:\n${await manifest()}`);
  }
  const commits = (await manifests.text(["log", "--format=%h %s", "main"])).trim().split("\n");
  say(["The history of the manifests:", ...commits.map((line) => `  ${line}`)].join("\n"));
  return { chapters, plan, deployment, rollback, commits };
}

/** A bare repository with the manifests of the shop's example, which name the image that runs. */
async function makeRepository(directory: string, stack: string, path: string, running: string): Promise<Git> {
  const bare = join(directory, repository);
  const work = bare.replace(/\.git$/, "");
  await rm(dirname(bare), { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await cp(join(directory, "examples/shop/gitops/ui/base"), join(work, "ui/base"), { recursive: true });
  await mkdir(dirname(join(work, path)), { recursive: true });
  const [name, digest] = running.split("@");
  const text = await readFile(
    join(directory, "examples/shop/gitops/ui/overlays/dev/kustomization.yaml"),
    "utf8",
  );
  const overlay = text
    .replaceAll(/\bdev\b/g, stack)
    .replace(/newName: .*/, `newName: ${name}`)
    .replace(/newTag: .*/, `digest: ${digest}`);
  await writeFile(join(work, path), overlay);
  const git = openGit(work, undefined, identity);
  await git.text(["init", "--quiet", "--initial-branch=main"]);
  await git.text(["add", "--all"]);
  await git.text(["commit", "--quiet", "--no-verify", "--message", "The shop's manifests"]);
  await git.text(["clone", "--quiet", "--bare", work, bare]);
  return openGit(bare);
}

/** services.yaml with a second target of `ui`. */
export function withManifest(catalogue: string): string {
  const own = "        service: ui\n";
  if (!catalogue.includes(own)) throw new Error("services.yaml has no ECS target of ui");
  const target = [
    "      - kind: gitops",
    `        repository: ${repository}`,
    "        files:",
    '          - { path: "ui/overlays/${stack}/kustomization.yaml", kustomize: ui }',
    "",
  ];
  return catalogue.replace(own, () => own + target.join("\n"));
}

function withDigest(text: string, digest: string): string {
  return text.replace(/sha256:[0-9a-f]{64}/, digest);
}

/** The newest commit: its message, and the lines that it changes. */
async function shownCommit(manifests: Git): Promise<string> {
  const shown = await manifests.text(["show", "--format=%h %s%n%n%b", "--unified=0", "main"]);
  const lines = shown.split("\n").filter((line) => !/^(diff|index|@@) ?/.test(line));
  return lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim()
    .replaceAll(/^(?=.)/gm, "  ");
}

/** Runs a command with the demo's own identity for git, which the workspace's settings do not reach. */
async function inTheDemosName<T>(work: () => Promise<T>): Promise<T> {
  const names = Object.keys(identity);
  const before = names.map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, identity);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
