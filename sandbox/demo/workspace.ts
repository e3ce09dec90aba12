import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simpleGit } from "simple-git";

/**
 * A project of the demo's own, so that it can change and break services without touching the clone:
 * the same catalogue, program and examples, in a git repository with a history of its own.
 */
export interface Workspace {
  /** The project's directory: Pulumi.yaml, services.yaml, examples. */
  readonly directory: string;
  /** Commits everything that has changed; returns the short commit id. */
  commit(message: string): Promise<string>;
  /** Replaces a file's content. */
  write(path: string, content: string): Promise<void>;
}

/**
 * What a project consists of. Packages are found in the clone, above. Copies and not links: the engine
 * runs a program in its own folder, and paths from there must lead to this project's files.
 */
const copied = [
  "Pulumi.yaml",
  "services.yaml",
  "package.json",
  "examples",
  "infra",
  "config",
  "source",
  "builder",
  "pulumi-sdk",
  "lifecycle",
  "runner",
];

/**
 * Creates the project from scratch. The sandbox keeps its stack and what runs.
 *
 * @param root the clone
 * @param directory where the project is to be; below the clone, so that packages are found
 * @param changes files that differ from the clone's before the first commit
 */
export async function createWorkspace(
  root: string,
  directory: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Workspace> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await Promise.all([
    ...copied.map((name) => cp(join(root, name), join(directory, name), { recursive: true })),
  ]);
  await writeFile(join(directory, ".gitignore"), ".slipway/\nPulumi.*.yaml\n");
  const write = (path: string, content: string) => writeFile(join(directory, path), content);
  for (const [path, content] of Object.entries(changes)) await write(path, content);
  const git = simpleGit(directory);
  // The user's own identity, signing and hooks have no part in a demo.
  await git.init(["--initial-branch=main"]);
  for (const [key, value] of [
    ["user.name", "Slipway demo"],
    ["user.email", "demo@localhost"],
    ["commit.gpgsign", "false"],
  ] as const) {
    await git.addConfig(key, value, false, "local");
  }
  const commit = async (message: string) => {
    await git.add(["--all"]);
    await git.commit(message, { "--no-verify": null, "--allow-empty": null });
    return (await git.revparse(["--short=7", "HEAD"])).trim();
  };
  await commit("The shop");
  return { directory, commit, write };
}
