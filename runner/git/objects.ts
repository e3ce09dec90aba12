import { lstatSync } from "node:fs";
import type { Git } from "./git.ts";

/** An entry of a commit's tree. */
export interface Entry {
  /** Relative to the top of the repository. */
  readonly path: string;
  /** `100644`, `100755`, `120000` for a link, or `160000` for a submodule. */
  readonly mode: string;
  /** Object of the content, or a submodule's commit. */
  readonly object: string;
}

/** The files of a commit below the directory that git runs in, by path. */
export async function listEntries(git: Git, commit: string): Promise<ReadonlyMap<string, Entry>> {
  const listed = await git.text(["ls-tree", "-r", "-z", "--full-name", commit]);
  const entries = listed.split("\0").flatMap((line): [string, Entry][] => {
    const [, mode, object, path] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (mode === undefined || object === undefined || path === undefined) return [];
    return [[path, { mode, object, path }]];
  });
  return new Map(entries);
}

/**
 * Paths whose content on disk is not the commit's, below the directory that git runs in; submodules that
 * moved are among them. Files that somebody told git to look away from (`skip-worktree`,
 * `assume-unchanged`) are compared by content.
 *
 * @param absolute where a path lies on disk
 */
export async function differingPaths(
  git: Git,
  commit: string,
  entries: ReadonlyMap<string, Entry>,
  absolute: (path: string) => string,
): Promise<ReadonlySet<string>> {
  const [listed, hidden] = await Promise.all([
    git.text([
      ...["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-color", "-O/dev/null"],
      // What a submodule holds is compared in its own repository.
      ...["--ignore-submodules=dirty", commit, "--", "."],
    ]),
    hiddenPaths(git),
  ]);
  const different = new Set(listed.split("\0"));
  const unseen = hidden.flatMap((path) => entries.get(path) ?? []);
  const files = unseen.filter(({ mode, path }) => mode.startsWith("100") && isFile(absolute(path)));
  const objects = await objectsOnDisk(
    git,
    files.map(({ path }) => absolute(path)),
  );
  const same = new Set(files.filter(({ object }, index) => objects[index] === object));
  for (const entry of unseen) if (!same.has(entry)) different.add(entry.path);
  return different;
}

/** Files that git assumes unchanged without reading them: https://git-scm.com/docs/git-ls-files (`-v`). */
async function hiddenPaths(git: Git): Promise<string[]> {
  const listed = await git.text(["ls-files", "-v", "-z", "--full-name"]);
  return listed.split("\0").flatMap((line) => (/^[a-zS] /.test(line) ? [line.slice(2)] : []));
}

function isFile(absolute: string): boolean {
  return lstatSync(absolute, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The object ids that the files' contents would have, with filters applied. */
async function objectsOnDisk(git: Git, files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const lines = files.map((file) => JSON.stringify(file)).join("\n");
  return (await git.bytes(["hash-object", "--stdin-paths"], `${lines}\n`)).toString("latin1").split("\n");
}

/** Contents by object, in one call. */
export async function readBlobs(git: Git, objects: readonly string[]): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  if (objects.length === 0) return contents;
  const answer = await git.bytes(["cat-file", "--batch"], `${objects.join("\n")}\n`);
  for (let at = 0; at < answer.length; ) {
    const end = answer.indexOf(0x0a, at);
    const [object = "", kind, size] = answer.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (kind !== "blob") continue;
    contents.set(object, answer.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return contents;
}
