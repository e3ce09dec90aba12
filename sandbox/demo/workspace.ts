import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
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

/** What is copied: data that the story changes. */
const copied = ["Pulumi.yaml", "services.yaml", "examples"];
/** What is linked: code, which must be the clone's own. */
const linked = ["infra", "config", "source", "package.json", "node_modules"];

/** Lays out the demo's project anew; its stack and what runs are kept by the sandbox, not here. */
export async function createWorkspace(root: string): Promise<Workspace> {
  const directory = join(root, ".slipway/demo");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await Promise.all([
    ...copied.map((name) => cp(join(root, name), join(directory, name), { recursive: true })),
    ...linked.map((name) => symlink(join(root, name), join(directory, name))),
  ]);
  await writeFile(join(directory, ".gitignore"), [...linked, ".slipway/", "Pulumi.*.yaml", ""].join("\n"));
  const git = simpleGit(directory);
  await git.init(["--initial-branch=main"]);
  // The user's own identity, hooks and signing have no part in a demo.
  for (const [key, value] of [
    ["user.name", "Slipway demo"],
    ["user.email", "demo@localhost"],
    ["commit.gpgsign", "false"],
    ["core.hooksPath", "/dev/null"],
  ] as const) {
    await git.addConfig(key, value, false, "local");
  }
  const commit = async (message: string) => {
    await git.add(["--all"]);
    await git.commit(message);
    return (await git.revparse(["--short=7", "HEAD"])).trim();
  };
  await commit("The shop");
  return {
    directory,
    commit,
    write: (path, content) => writeFile(join(directory, path), content),
  };
}
