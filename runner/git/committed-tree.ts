import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { execa } from "execa";
import { type ContentCache, noContentCache, openContentCache } from "../../source/content-cache.ts";
import { byPath, type SourceFile } from "../../source/file.ts";
import { ignoreFilter, nothingIgnored } from "../../source/ignore.ts";
import type { SourceTree } from "../../source/tree.ts";
import { openWorkingTree } from "../../source/working-tree.ts";

/** An entry of a commit's tree. */
interface Entry {
  /** Relative to the directory asked about. */
  readonly path: string;
  /** `100644`, `100755`, `120000`, or `160000` for a submodule. */
  readonly mode: string;
  /** Of the blob, or a submodule's commit. */
  readonly object: string;
}

/**
 * The project's files as a commit has them, without checking them out: what git says is the same on
 * disk is read there, and only the rest from git's objects. Thereby it does not matter what a checkout
 * does to content (line ends, large files): what is the same is the same.
 *
 * A large file (Git LFS) that differs is known by the hash in its pointer and never fetched. A
 * submodule's files are read from its own repository, when it is there and has the commit; else the
 * submodule counts as one file that names its commit.
 *
 * @param commit 40 hexadecimal digits
 */
export async function openCommittedTree(
  directory: string,
  commit: string,
  signal?: AbortSignal,
  cache: ContentCache = openContentCache(directory),
): Promise<SourceTree> {
  const git = gitIn(directory, signal);
  const working = openWorkingTree(directory, cache, { signal });
  const [entries, different] = await Promise.all([listEntries(git, commit), differingPaths(git, commit)]);
  const byName = new Map(entries.map((entry) => [entry.path, entry]));

  const fileOf = (entry: Entry, path: string, hash: string, size: number): SourceFile => ({
    path,
    absolute: join(directory, entry.path),
    kind: entry.mode === "120000" ? "link" : "file",
    executable: entry.mode === "100755",
    size,
    hash,
  });

  /** Files for entries, with the paths that they are to have. */
  const read = async (wanted: readonly { readonly entry: Entry; readonly path: string }[]) => {
    const files: SourceFile[] = [];
    const blobs: { entry: Entry; path: string }[] = [];
    for (const { entry, path } of wanted) {
      const same = different.has(entry.path) ? undefined : await working.readFile(entry.path);
      if (same === undefined) blobs.push({ entry, path });
      else files.push(fileOf(entry, path, same.hash, same.size));
    }
    const contents = await readBlobs(git, [...new Set(blobs.map(({ entry }) => entry.object))]);
    for (const { entry, path } of blobs) {
      const content = contents.get(entry.object) ?? Buffer.alloc(0);
      files.push(fileOf(entry, path, contentHash(content), content.length));
    }
    return files;
  };

  /** What a submodule holds, as files below its folder. */
  const readSubmodule = async ({ path, object }: Entry): Promise<readonly SourceFile[]> => {
    const inside = join(directory, path);
    // Not initialised: a folder without anything in it, for the build as well, unless it moved.
    if (!existsSync(join(inside, ".git")))
      return different.has(path) ? [submoduleAs(path, object, inside)] : [];
    try {
      // A cache there would be a file of the submodule's, and so a change of its source.
      const tree = await openCommittedTree(inside, object, signal, noContentCache);
      const files = await tree.list(".", nothingIgnored);
      return files.map((file) => ({ ...file, path: `${path}/${file.path}` }));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error && "exitCode" in error)) throw error;
      return [submoduleAs(path, object, inside)];
    }
  };

  return {
    readText: async (path) => {
      const entry = byName.get(posix.normalize(path));
      if (entry === undefined) return undefined;
      if (!different.has(entry.path)) {
        const text = await working.readText(entry.path);
        if (text !== undefined) return text;
      }
      const [content] = (await readBlobs(git, [entry.object])).values();
      return content?.toString("utf8");
    },
    readFile: async (path) => {
      const entry = byName.get(posix.normalize(path));
      if (entry === undefined) return undefined;
      const [file] = await read([{ entry, path: posix.basename(path) }]);
      return file;
    },
    list: async (folder, rules) => {
      const prefix = posix.normalize(`${folder}/`).replace(/^\.?\//, "");
      const ignored = ignoreFilter(rules);
      const below = entries.filter(({ path }) => path.startsWith(prefix));
      const submodules = below.filter(({ mode }) => mode === "160000");
      const inSubmodules = (await Promise.all(submodules.map(readSubmodule)))
        .flat()
        .map((file) => ({ ...file, path: file.path.slice(prefix.length) }))
        .filter((file) => !ignored(file.path));
      const files = await read(
        below
          .filter(({ mode }) => mode !== "160000")
          .map((entry) => ({ entry, path: entry.path.slice(prefix.length) }))
          .filter(({ path }) => !ignored(path)),
      );
      cache.save();
      return [...files, ...inSubmodules].sort(byPath);
    },
  };
}

function submoduleAs(path: string, commit: string, absolute: string): SourceFile {
  return {
    path: `${path} (submodule at ${commit.slice(0, 7)})`,
    absolute,
    kind: "file",
    executable: false,
    size: 0,
    hash: createHash("sha256").update(commit).digest("hex"),
  };
}

type Git = (args: readonly string[], input?: string) => Promise<Buffer>;

function gitIn(directory: string, signal: AbortSignal | undefined): Git {
  return async (args, input) => {
    const { stdout } = await execa("git", args, {
      cwd: directory,
      encoding: "buffer",
      stripFinalNewline: false,
      maxBuffer: 2 ** 31 - 1,
      ...(input === undefined ? { stdin: "ignore" } : { input }),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    return Buffer.from(stdout);
  };
}

async function listEntries(git: Git, commit: string): Promise<Entry[]> {
  // Below the directory that git runs in, with paths relative to it.
  const listed = await git(["ls-tree", "-r", "-z", commit]);
  return listed
    .toString("utf8")
    .split("\0")
    .flatMap((line) => {
      const [, mode, object, path] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode === undefined || object === undefined || path === undefined ? [] : [{ mode, object, path }];
    });
}

/** Paths whose content on disk is not the commit's, as git sees it; submodules that moved among them. */
async function differingPaths(git: Git, commit: string): Promise<Set<string>> {
  const listed = await git(["diff", "--name-only", "-z", "--no-renames", "--relative", commit, "--", "."]);
  return new Set(listed.toString("utf8").split("\0"));
}

/** Contents by object, in one call. */
async function readBlobs(git: Git, objects: readonly string[]): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  if (objects.length === 0) return contents;
  const answer = await git(["cat-file", "--batch"], `${objects.join("\n")}\n`);
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

/** A Git LFS pointer holds the hash of what it stands for: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
function contentHash(content: Buffer): string {
  const pointer =
    content.length < 1024 &&
    content.toString("latin1", 0, 42) === "version https://git-lfs.github.com/spec/v1"
      ? /^oid sha256:([0-9a-f]{64})$/m.exec(content.toString("latin1"))?.[1]
      : undefined;
  return pointer ?? createHash("sha256").update(content).digest("hex");
}
