import { createHash, hash as hashOf } from "node:crypto";
import {
  type BigIntStats,
  createReadStream,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import pLimit from "p-limit";
import { UserError } from "../config/problems/errors.ts";
import type { ContentCache, FileStamp } from "./content-cache.ts";
import { byPath, type SourceFile } from "./file.ts";
import type { FolderMatches, IgnoreRules } from "./ignore.ts";
import { identify, ownFolder, readOutputFiles } from "./own-files.ts";
import type { SourceTree } from "./tree.ts";
import { type Reading, turns } from "./turns.ts";

/** Files up to this size are read in one go: a stream costs more than it saves. Bytes. */
const smallFile = 256 * 1024;

/** Large files that are read at the same time. */
const streams = pLimit(4);

/** What was found of a file, its content aside. */
interface Found {
  readonly path: string;
  readonly absolute: string;
  readonly kind: "file" | "link";
  readonly executable: boolean;
  readonly size: number;
  readonly stamp: FileStamp;
  /** Of the file in its file system. */
  readonly device: bigint;
}

/**
 * The project's files as they are on disk now.
 *
 * File system calls are synchronous, with a turn for others now and then: over a hundred thousand
 * small files promises cost several times what the file system does (docs/explanation/builds.md).
 */
export function openWorkingTree(directory: string, cache: ContentCache, reading: Reading = {}): SourceTree {
  const turn = turns(reading);
  const outputs = readOutputFiles();
  const isOutput = ({ device, stamp }: Found) =>
    outputs.size > 0 && outputs.has(identify({ dev: device, ino: stamp.inode }));
  const keyOf = (folder: string, path: string) => (folder === "" ? path : `${folder}/${path}`);
  const known = (key: string, found: Found) =>
    found.kind === "link"
      ? hashOf("sha256", readlinkSync(found.absolute, "buffer"), "hex")
      : cache.find(key, found.stamp);
  const read = async (key: string, found: Found): Promise<string> => {
    const hash =
      found.size <= smallFile
        ? hashSmall(found.absolute)
        : await streams(() => hashContent(found.absolute, reading.signal));
    cache.add(key, found.stamp, hash);
    return hash;
  };
  return {
    readText: (path) =>
      readFile(join(directory, path), "utf8").catch((error: NodeJS.ErrnoException) => {
        // BuildKit takes a folder called like an ignore file for none.
        if (["ENOENT", "ENOTDIR", "EISDIR"].includes(error.code ?? "")) return undefined;
        return unreadable(join(directory, path))(error);
      }),
    readLink: async (path) => {
      const absolute = join(directory, path);
      return look(absolute, posix.basename(path))?.kind === "link" ? readlinkSync(absolute) : undefined;
    },
    readFile: async (path) => {
      const absolute = join(directory, path);
      const found = look(absolute, posix.basename(path));
      if (found === undefined) return undefined;
      const key = posix.normalize(path);
      return fileOf(found, known(key, found) ?? (await read(key, found)));
    },
    list: async (folder, rules) => {
      const root = join(directory, folder);
      const top = folderKey(folder);
      const found: Found[] = [];
      for (const more of walk(root, rules, found)) if (turn.due(more)) await turn.take();
      const files: SourceFile[] = [];
      const large: Found[] = [];
      for (const one of found) {
        if (isOutput(one)) continue;
        const key = keyOf(top, one.path);
        const hash = known(key, one);
        if (hash !== undefined) files.push(fileOf(one, hash));
        else if (one.size > smallFile) large.push(one);
        else files.push(fileOf(one, await read(key, one)));
        if (turn.due(0)) await turn.take();
      }
      const streamed = large.map(async (one) => fileOf(one, await read(keyOf(top, one.path), one)));
      return [...files, ...(await Promise.all(streamed))].sort(byPath);
    },
  };
}

/** A folder as files' keys begin: `services/ui`, nothing for the project's own. */
function folderKey(folder: string): string {
  return posix.normalize(`${folder}/`).replace(/^\.?\/|\/$/g, "");
}

/** Walks a folder; after each folder in it a pause is possible, and it says how many files that had. */
function* walk(root: string, rules: IgnoreRules, found: Found[]): Generator<number> {
  const open: { below: string; matches: FolderMatches | undefined }[] = [{ below: "", matches: undefined }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const { below, matches } = folder;
    const before = found.length;
    for (const entry of entriesOf(below === "" ? root : `${root}/${below}`, below === "")) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.name === ".git" && !rules.keepsGit) continue;
      const looked = rules.look(path, matches);
      if (entry.isDirectory()) {
        if (entry.name === ownFolder) continue;
        if (!looked.ignored || !rules.canSkip(path)) open.push({ below: path, matches: looked.matches });
      } else if (!looked.ignored) {
        const one = look(`${root}/${path}`, path);
        if (one !== undefined) found.push(one);
      }
    }
    yield found.length - before;
  }
}

function entriesOf(folder: string, top: boolean) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (top && (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    return unreadable(folder)(error as NodeJS.ErrnoException);
  }
}

/** A file or a link; undefined for anything else, and when there is nothing. */
function look(absolute: string, path: string): Found | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    return unreadable(absolute)(error as NodeJS.ErrnoException);
  }
  if (stats === undefined) {
    if (path.includes("\uFFFD")) throw unreadableName(absolute);
    return undefined;
  }
  const kind = stats.isSymbolicLink() ? "link" : stats.isFile() ? "file" : undefined;
  if (kind === undefined) return undefined;
  return {
    path,
    absolute,
    kind,
    executable: kind === "file" && (stats.mode & 0o100n) !== 0n,
    size: Number(stats.size),
    device: stats.dev,
    stamp: { size: stats.size, modified: stats.mtimeNs, changed: stats.ctimeNs, inode: stats.ino },
  };
}

function fileOf({ path, absolute, kind, executable, size }: Found, hash: string): SourceFile {
  return { path, absolute, kind, executable, size, hash };
}

function hashSmall(absolute: string): string {
  try {
    return hashOf("sha256", readFileSync(absolute), "hex");
  } catch (error) {
    return unreadable(absolute)(error as NodeJS.ErrnoException);
  }
}

/** SHA-256 of a file's content, in hexadecimal digits, of whatever size. */
export async function hashContent(absolute: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(absolute), hash, signal === undefined ? {} : { signal }).catch(
    unreadable(absolute),
  );
  return hash.digest("hex");
}

/** Turns a read error into a UserError that names the file. */
export function unreadable(absolute: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const gone = error.code === "ENOENT" || error.code === "ENOTDIR";
    if (!gone && error.code !== "EACCES" && error.code !== "EPERM") throw error;
    throw new UserError(
      gone
        ? {
            code: "source-changed",
            where: absolute,
            message: "disappeared while the sources were read",
            fix: "run the command again when nothing writes there, or exclude it in .dockerignore",
          }
        : {
            code: "unreadable-source",
            where: absolute,
            message: "can't be read, but the build needs it",
            fix: "make it readable, or exclude it in .dockerignore",
          },
      { cause: error },
    );
  };
}

function unreadableName(absolute: string): UserError {
  return new UserError({
    code: "unreadable-source",
    where: absolute,
    message: "has a name that is not UTF-8, so it does not build the same image everywhere",
    fix: "rename it, or exclude it in .dockerignore",
  });
}
