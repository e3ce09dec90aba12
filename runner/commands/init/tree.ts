import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { openGit } from "../../git/git.ts";
import { assertNotRefused } from "../../git/refusal.ts";
import { isComposeFile, isDockerfile } from "./names.ts";

/** The files of a repository that detection uses. */
export interface Tree {
  /** Name of the repository: its origin's, or its folder's. */
  readonly name: string;
  /** Paths of files, with forward slashes, relative to the project's directory. */
  readonly files: readonly string[];
  /**
   * Also those in folders where nothing is looked for (`build`, `.docker`), but that a compose file may name.
   */
  readonly everything?: readonly string[];
  /** Content of the files that say what is built: Dockerfiles and compose files. */
  readonly contents: Readonly<Record<string, string>>;
  /** Web address of the code; undefined without an origin. */
  readonly source: string | undefined;
}

const skipped = new Set(["node_modules", "vendor", "dist", "build", "target"]);
/** Dockerfiles do not lie deeper, and a wrong folder (a home folder, say) is soon left. */
const maximumDepth = 8;
/** Without git: down to here, folders such as `.docker` are listed for compose files that name them. */
const shallow = 3;

/**
 * Reads what detection needs of a directory: the files git tracks or would track; without git, all of them.
 */
export async function readTree(directory: string): Promise<Tree> {
  const git = openGit(directory);
  const [listed, origin] = await Promise.all([
    git
      .text(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."])
      .catch((error: unknown) => {
        assertNotRefused(error, directory);
        return undefined;
      }),
    git.text(["remote", "get-url", "origin"]).catch(() => ""),
  ]);
  const everything = (listed === undefined ? await walk(directory, "", 0) : listed.split("\0"))
    .filter((path) => path !== "" && !path.split("/").includes("node_modules"))
    .sort();
  const interesting = everything.filter((path) => isDockerfile(path) || isComposeFile(path));
  const contents = await Promise.all(
    interesting.map(async (path) => {
      const bytes = await readFile(join(directory, path)).catch(() => undefined);
      return bytes === undefined ? [] : [[path, decode(bytes)] as const];
    }),
  );
  const read = Object.fromEntries(contents.flat());
  // What git lists and nobody can read has been deleted, and the deletion is not committed yet.
  const there = everything.filter((path) => !interesting.includes(path) || path in read);
  const source = webAddress(origin.trim());
  return {
    name: (source === undefined ? undefined : basename(source)) ?? basename(directory),
    files: there.filter((path) => !path.split("/").some((part) => isSkipped(part))),
    everything: there,
    contents: read,
    source,
  };
}

/** YAML may be UTF-16 with a byte order mark, which Docker Compose reads as well. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

function isSkipped(part: string): boolean {
  return skipped.has(part) || (part.startsWith(".") && part !== ".dockerignore");
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function walk(directory: string, path: string, depth: number): Promise<string[]> {
  if (depth > maximumDepth) return [];
  const entries = await readdir(join(directory, path), { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const inside = path === "" ? entry.name : `${path}/${entry.name}`;
      // A link to a file is one, as git lists it; one to a folder is not followed, as git does not.
      if (entry.isFile() || (entry.isSymbolicLink() && isFile(join(directory, inside)))) return [inside];
      const isOpen = depth < shallow ? !/^(node_modules|\.git)$/.test(entry.name) : !isSkipped(entry.name);
      return entry.isDirectory() && isOpen ? walk(directory, inside, depth + 1) : [];
    }),
  );
  return found.flat();
}

/** The web address of a git remote, without a name or a token in it. */
export function webAddress(remote: string): string | undefined {
  const [, scpHost, scpPath] = /^[^/@]+@([^:/]+):(?!\/)(.+)$/.exec(remote) ?? [];
  const [, host, path] = /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(remote) ?? [];
  const [foundHost, foundPath] = [scpHost ?? host, scpPath ?? path];
  if (foundHost === undefined || foundPath === undefined) return undefined;
  return `https://${foundHost}/${foundPath.replace(/\/+$/, "").replace(/\.git$/, "")}`;
}
