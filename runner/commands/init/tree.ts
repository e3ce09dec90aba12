import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { openGit } from "../../git/git.ts";
import { assertNotRefused } from "../../git/refusal.ts";
import { isComposeFile, isDockerfile } from "./names.ts";

/** A repository as detection sees it. */
export interface Tree {
  /** What the repository is called, by its origin or its folder. */
  readonly name: string;
  /** Paths of files, with forward slashes, relative to the project's directory. */
  readonly files: readonly string[];
  /** Content of the files that say what is built: Dockerfiles and compose files. */
  readonly contents: Readonly<Record<string, string>>;
  /** Where the code lives, as a web address; undefined without an origin. */
  readonly source: string | undefined;
}

const skipped = new Set(["node_modules", "vendor", "dist", "build", "target"]);
/** No project has its Dockerfiles deeper than this, and a mistaken folder (home, say) is left soon. */
const maximumDepth = 8;

/** Reads what detection needs of a directory: what git has or would have, or else what is there. */
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
  const files = (listed === undefined ? await walk(directory, "", 0) : listed.split("\0"))
    .filter((path) => path !== "" && !path.split("/").some((part) => isSkipped(part)))
    .sort();
  const interesting = files.filter((path) => isDockerfile(path) || isComposeFile(path));
  const contents = await Promise.all(
    interesting.map(async (path) => {
      const text = await readFile(join(directory, path), "utf8").catch(() => undefined);
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
  const read = Object.fromEntries(contents.flat());
  const source = webAddress(origin.trim());
  return {
    name: (source === undefined ? undefined : basename(source)) ?? basename(directory),
    // What git lists and nobody can read has been deleted and not committed yet.
    files: files.filter((path) => !interesting.includes(path) || path in read),
    contents: read,
    source,
  };
}

function isSkipped(part: string): boolean {
  return skipped.has(part) || (part.startsWith(".") && part !== ".dockerignore");
}

async function walk(directory: string, path: string, depth: number): Promise<string[]> {
  if (depth > maximumDepth) return [];
  const entries = await readdir(join(directory, path), { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const inside = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isFile()) return [inside];
      return entry.isDirectory() && !isSkipped(entry.name) ? walk(directory, inside, depth + 1) : [];
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
