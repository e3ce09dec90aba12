import { posix } from "node:path";
import type { Problem } from "../../../../config/problems/errors.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import type { Clone } from "./clone.ts";
import { accessProblem, isGitFailure } from "./failure.ts";

/** A file of a commit. */
export interface StoredFile {
  /** Where it lies: links on the way are followed. */
  readonly path: string;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly bytes: Buffer;
}

interface Entry {
  readonly mode: string;
  readonly object: string;
  readonly name: string;
}

/** Links that lead to links: git's own limit, and Linux's. */
const maximumLinks = 40;

/**
 * Reads a file of a commit, through links that stay in the repository.
 *
 * @throws UserError `manifest-not-found`, `path-outside` for a link that leads out, `manifest-refused` for
 *   what lies in a submodule
 */
export async function readStored(clone: Clone, commit: string, path: string): Promise<StoredFile> {
  const { path: place, entry } = await locate(clone, commit, path, path);
  try {
    const bytes = await clone.git.bytes(["cat-file", "blob", entry.object]);
    return { path: place, mode: entry.mode, bytes };
  } catch (error) {
    // A partial copy fetches the content now.
    if (isGitFailure(error)) throw accessProblem(clone.remote, error, clone.secrets);
    throw error;
  }
}

async function locate(
  clone: Clone,
  commit: string,
  path: string,
  asked: string,
  links = 0,
): Promise<{ readonly path: string; readonly entry: Entry }> {
  const parts = path.split("/");
  if (parts[0] === "..")
    throw problem(clone, "path-outside", asked, "a link on the way leads out of the repository");
  if (links > maximumLinks) throw problem(clone, "manifest-not-found", asked, "its links lead in a circle");
  for (let end = 1; end <= parts.length; end++) {
    const folder = parts.slice(0, end - 1).join("/");
    const here = parts.slice(0, end).join("/");
    const name = parts[end - 1];
    const found = (await listFolder(clone, commit, folder)).find((one) => one.name === name);
    if (found === undefined) throw problem(clone, "manifest-not-found", asked, `the branch has no ${here}`);
    if (found.mode === "160000") {
      const message = `${here} is a submodule, whose files are in another repository`;
      throw problem(clone, "manifest-refused", asked, message, "name that repository in the target");
    }
    if (found.mode === "120000") {
      const target = (await clone.git.bytes(["cat-file", "blob", found.object])).toString("utf8");
      if (target.startsWith("/")) {
        throw problem(clone, "path-outside", asked, `the link ${here} leads out of the repository`);
      }
      const rest = parts.slice(end).join("/");
      const next = posix.normalize(posix.join(posix.dirname(here), target, rest));
      return locate(clone, commit, next, asked, links + 1);
    }
    const isFolder = found.mode === "040000";
    if (end === parts.length && !isFolder) return { path, entry: found };
    if (end < parts.length && !isFolder) {
      throw problem(clone, "manifest-not-found", asked, `${here} is a file, not a folder`);
    }
  }
  throw problem(clone, "manifest-not-found", asked, "is a folder, not a file");
}

function problem({ remote }: Clone, code: Problem["code"], path: string, message: string, fix?: string) {
  return new UserError(
    {
      code,
      where: `${remote.name}, branch ${remote.branch}`,
      value: path,
      message,
      fix: fix ?? "correct the path in services.yaml",
    },
    { exitCode: 1 },
  );
}

/** The entries of a folder; the top is "". */
async function listFolder({ git }: Clone, commit: string, folder: string): Promise<readonly Entry[]> {
  const listed = await git.bytes(["ls-tree", "-z", folder === "" ? commit : `${commit}:${folder}`]);
  return listed
    .toString("utf8")
    .split("\0")
    .flatMap((line) => {
      const [, mode, object, name] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode === undefined || object === undefined || name === undefined ? [] : [{ mode, object, name }];
    });
}

/**
 * Writes the tree of a commit with other contents of some files. Only the folders on the way to them are
 * read and written, so that the size of the repository does not matter.
 *
 * @param files by path, as `readStored` returned it
 * @returns the tree's object id
 */
export async function writeTree(
  clone: Clone,
  commit: string,
  files: ReadonlyMap<string, { readonly mode: string; readonly bytes: Uint8Array }>,
): Promise<string> {
  const { git } = clone;
  const written = new Map<string, { readonly mode: string; readonly object: string }>();
  for (const [path, { mode, bytes }] of files) {
    const object = (await git.bytes(["hash-object", "-w", "--stdin"], bytes)).toString("latin1").trim();
    written.set(path, { mode, object });
  }
  const write = async (folder: string): Promise<string> => {
    const prefix = folder === "" ? "" : `${folder}/`;
    const inside = [...written.keys()].filter((path) => path.startsWith(prefix));
    const names = new Set(inside.map((path) => path.slice(prefix.length).split("/")[0] ?? ""));
    const lines: string[] = [];
    for (const entry of await listFolder(clone, commit, folder)) {
      const file = written.get(`${prefix}${entry.name}`);
      const object = !names.has(entry.name)
        ? entry.object
        : file === undefined
          ? await write(`${prefix}${entry.name}`)
          : file.object;
      const kind = { "040000": "tree", "160000": "commit" }[entry.mode] ?? "blob";
      lines.push(`${entry.mode} ${kind} ${object}\t${entry.name}\0`);
    }
    return (await git.bytes(["mktree", "-z", "--missing"], lines.join(""))).toString("latin1").trim();
  };
  return write("");
}
