import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { type ContentCache, noContentCache, openContentCache } from "../../source/content-cache.ts";
import { byPath, type SourceFile } from "../../source/file.ts";
import { ignoreFilter, nothingIgnored } from "../../source/ignore.ts";
import { pointerHash } from "../../source/lfs.ts";
import { isOwnPath } from "../../source/own-files.ts";
import type { SourceTree } from "../../source/tree.ts";
import { openWorkingTree } from "../../source/working-tree.ts";
import { type Git, openGit } from "./git.ts";
import { differingPaths, type Entry, listEntries, readBlobs } from "./objects.ts";

/** The files of a commit in a part of the repository, and which of them differ on disk. */
interface Part {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly different: ReadonlySet<string>;
}

/** Where a path of the repository leads. */
interface Place {
  /** Relative to the top of the repository, or of the submodule. */
  readonly path: string;
  readonly submodule?: Entry;
}

interface FoundEntry {
  readonly place?: Place | undefined;
  readonly entry?: Entry | undefined;
}

/** How a committed tree is read. */
export interface CommittedTreeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cache?: ContentCache;
  /** Files that were read from disk already, by absolute path. */
  readonly known?: ReadonlyMap<string, SourceFile>;
}

/** Links that lead to links: git's own limit, and Linux's. */
const maximumLinks = 40;

/**
 * The project's files as a commit has them, without a checkout. Files that git reports as unchanged are read
 * from disk, and only the rest from git's objects. So a checkout's conversions (line ends, large files) make
 * no difference.
 *
 * A large file (Git LFS) that differs is known by the hash in its pointer and never fetched. A
 * submodule's files are read from its own repository, when it is there and has the commit; else the
 * submodule counts as one file that names its commit. A path may lead out of the directory (`../shared`),
 * and through links; what lies outside of the repository is in no commit.
 *
 * @param commit 40 hexadecimal digits
 */
export async function openCommittedTree(
  directory: string,
  commit: string,
  { signal, cache = openContentCache(directory), known = new Map() }: CommittedTreeOptions = {},
): Promise<SourceTree> {
  const git = openGit(directory, signal);
  const working = openWorkingTree(directory, cache, { signal });
  const [prefix = "", up = ""] = (await git.text(["rev-parse", "--show-prefix", "--show-cdup"])).split("\n");
  const own = prefix.replace(/\/$/, "");
  /** A path of the repository as one from the project's directory. */
  const here = (path: string) => posix.relative(own, path);
  const absolute = (path: string) => join(directory, here(path));

  const readPart = async (from: Git): Promise<Part> => {
    const entries = await listEntries(from, commit);
    return { entries, different: await differingPaths(from, commit, entries, absolute) };
  };
  const below = await readPart(git);
  let whole: Promise<Part> | undefined;
  /** Most projects read nothing outside of their directory, and a large repository is not listed for them. */
  const partWith = async (path: string): Promise<Part> => {
    if (own === "" || path === own || path.startsWith(`${own}/`)) return below;
    whole ??= readPart(openGit(join(directory, up), signal));
    return whole;
  };

  const contentOf = async ({ object }: Entry) =>
    (await readBlobs(git, [object])).get(object) ?? Buffer.alloc(0);

  /** Where a path leads, links on the way to its last part followed; undefined: out of the repository. */
  const locate = async (path: string, links = 0): Promise<Place | undefined> => {
    const parts = path.split("/");
    if (parts[0] === ".." || links > maximumLinks) return undefined;
    for (let end = 1; end < parts.length; end++) {
      const folder = parts.slice(0, end).join("/");
      const entry = (await partWith(folder)).entries.get(folder);
      const rest = parts.slice(end).join("/");
      if (entry?.mode === "160000") return { path: rest, submodule: entry };
      if (entry?.mode === "120000") {
        const target = await targetOf(entry);
        return target === undefined ? undefined : locate(posix.join(target, rest), links + 1);
      }
    }
    return { path };
  };

  /** The location of a folder; for a link, its target. */
  const locateFolder = async (folder: string): Promise<Place | undefined> => {
    const place = await locate(`${posix.join(own, folder).replace(/\/$/, "")}/.`);
    return place && { ...place, path: posix.normalize(place.path).replace(/^\.?\/?$|\/\.?$/g, "") };
  };

  const targetOf = async (link: Entry): Promise<string | undefined> => {
    const target = (await contentOf(link)).toString("utf8");
    return target.startsWith("/") ? undefined : posix.join(posix.dirname(link.path), target);
  };

  /** A file's place, and its entry unless it lies in a submodule; a link of that name is followed when asked. */
  const find = async (path: string, followed: boolean, links = 0): Promise<FoundEntry> => {
    const place = await locate(posix.join(own, path));
    if (place === undefined || place.submodule !== undefined) return { place };
    const entry = (await partWith(place.path)).entries.get(place.path);
    if (!followed || entry?.mode !== "120000" || links > maximumLinks) return { place, entry };
    const target = await targetOf(entry);
    return target === undefined ? {} : find(here(target), true, links + 1);
  };

  const fileOf = (entry: Entry, path: string, hash: string, size: number): SourceFile => ({
    path,
    absolute: absolute(entry.path),
    kind: entry.mode === "120000" ? "link" : "file",
    executable: entry.mode === "100755",
    size,
    hash,
  });

  /** The file on disk, when it is what the commit has. */
  const sameOnDisk = async (entry: Entry, { different }: Part) =>
    different.has(entry.path)
      ? undefined
      : (known.get(absolute(entry.path)) ?? (await working.readFile(here(entry.path))));

  /** Files for entries, with the paths that they are to have. */
  const read = async (wanted: readonly { readonly entry: Entry; readonly path: string }[], part: Part) => {
    const files: SourceFile[] = [];
    const blobs: { entry: Entry; path: string }[] = [];
    for (const { entry, path } of wanted) {
      const same = await sameOnDisk(entry, part);
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

  const submodules = new Map<string, Promise<SourceTree | undefined>>();
  /** A submodule's files as its commit has them; undefined when they are not here. */
  const submoduleTree = ({ path, object }: Entry): Promise<SourceTree | undefined> => {
    const open = async () => {
      if (!existsSync(join(absolute(path), ".git"))) return undefined;
      try {
        // A cache there would be a file of the submodule's, and so a change of its source.
        return await openCommittedTree(absolute(path), object, { signal, cache: noContentCache, known });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Error && "exitCode" in error)) throw error;
        return undefined;
      }
    };
    const tree = submodules.get(path) ?? open();
    submodules.set(path, tree);
    return tree;
  };

  /** What a submodule holds, as files with paths of the repository. */
  const readSubmodule = async (entry: Entry, { different }: Part): Promise<readonly SourceFile[]> => {
    const { path } = entry;
    const tree = await submoduleTree(entry);
    if (tree !== undefined) {
      const files = await tree.list(".", nothingIgnored);
      return files.map((file) => ({ ...file, path: `${path}/${file.path}` }));
    }
    // Not initialised: a folder without anything in it, for the build as well, unless it moved.
    return different.has(path) || existsSync(join(absolute(path), ".git"))
      ? [submoduleAs(path, entry.object, absolute(path))]
      : [];
  };

  return {
    readText: async (path) => {
      const { place, entry } = await find(path, true);
      if (place?.submodule !== undefined) return (await submoduleTree(place.submodule))?.readText(place.path);
      if (entry === undefined) return undefined;
      if (!(await partWith(entry.path)).different.has(entry.path)) {
        const text = await working.readText(here(entry.path));
        if (text !== undefined) return text;
      }
      return (await contentOf(entry)).toString("utf8");
    },
    readLink: async (path) => {
      const { place, entry } = await find(path, false);
      if (place?.submodule !== undefined) return (await submoduleTree(place.submodule))?.readLink(place.path);
      return entry?.mode === "120000" ? (await contentOf(entry)).toString("utf8") : undefined;
    },
    readFile: async (path) => {
      const { place, entry } = await find(path, false);
      if (place?.submodule !== undefined) return (await submoduleTree(place.submodule))?.readFile(place.path);
      if (entry === undefined) return undefined;
      const named = { entry, path: posix.basename(path) };
      const [file] = await read([named], await partWith(entry.path));
      return file;
    },
    list: async (folder, rules) => {
      const place = await locateFolder(folder);
      if (place === undefined) return [];
      const part = await partWith(place.submodule?.path ?? place.path);
      const ignored = ignoreFilter(rules);
      const isSource = ({ path }: { readonly path: string }) => !isOwnPath(path) && !ignored(path);
      if (place.submodule !== undefined) {
        const tree = await submoduleTree(place.submodule);
        return tree === undefined
          ? (await readSubmodule(place.submodule, part)).filter(isSource)
          : tree.list(place.path === "" ? "." : place.path, rules);
      }
      const start = place.path === "" ? "" : `${place.path}/`;
      const inside = [...part.entries.values()].filter(({ path }) => path.startsWith(start));
      const modules = inside.filter(({ mode }) => mode === "160000");
      const inSubmodules = (await Promise.all(modules.map((one) => readSubmodule(one, part))))
        .flat()
        .map((file) => ({ ...file, path: file.path.slice(start.length) }))
        .filter(isSource);
      const files = await read(
        inside
          .filter(({ mode }) => mode !== "160000")
          .map((entry) => ({ entry, path: entry.path.slice(start.length) }))
          .filter(isSource),
        part,
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

/** A Git LFS pointer counts as what it stands for. */
function contentHash(content: Buffer): string {
  return pointerHash(content) ?? createHash("sha256").update(content).digest("hex");
}
