import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../config/errors.ts";
import type { IgnoreRules } from "./ignore.ts";

/** One file that a build reads. */
export interface SourceFile {
  /** Relative to its context, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly kind: "file" | "link";
  /** The only permission that counts, as in git. */
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
}

/**
 * All files below a directory that the rules leave in, sorted by path. Links are listed, not
 * followed. Empty directories, sockets and devices are no source.
 *
 * @throws UserError when something can't be read
 */
export async function listFiles(
  directory: string,
  rules: IgnoreRules,
  signal?: AbortSignal,
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  await walk(directory, "", rules, files, signal);
  // By code unit, not by locale: the order is part of the hash and must agree everywhere.
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function walk(
  root: string,
  below: string,
  rules: IgnoreRules,
  files: SourceFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(unreadable(root, below));
  await Promise.all(
    entries.map(async (entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!rules.canSkip(path)) await walk(root, path, rules, files, signal);
        return;
      }
      if (!(entry.isFile() || entry.isSymbolicLink()) || rules.ignores(path)) return;
      const absolute = join(root, path);
      const found = await lstat(absolute).catch(unreadable(root, path));
      files.push({
        path,
        absolute,
        kind: entry.isSymbolicLink() ? "link" : "file",
        executable: entry.isFile() && (found.mode & 0o100) !== 0,
        size: found.size,
      });
    }),
  );
}

/** Turns a refused read into an error that names the file. */
export function unreadable(root: string, path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== "EACCES" && error.code !== "EPERM") throw error;
    throw new UserError(
      {
        code: "unreadable-source",
        where: join(root, path),
        message: "can't be read, and the build needs it",
        fix: "make it readable, or leave it out with .dockerignore",
      },
      { cause: error },
    );
  };
}
