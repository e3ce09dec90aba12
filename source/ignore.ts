import { readFile } from "node:fs/promises";
import { join } from "node:path";
import module from "@balena/dockerignore";

// The package is CommonJS that exports the function itself; its types say `export default`.
const dockerignore = module as unknown as typeof module.default;

/** Which paths of a context a build does not see. */
export interface IgnoreRules {
  /** Whether the path (relative, forward slashes) is left out. */
  ignores(path: string): boolean;
  /** Whether a left-out directory can be skipped whole: no exception reaches into it. */
  canSkip(directory: string): boolean;
}

/**
 * The rules of an ignore file's text, as Docker reads it.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function parseIgnoreRules(text: string): IgnoreRules {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) return nothingIgnored;
  const matcher = dockerignore().add(lines);
  const hasExceptions = lines.some((line) => line.startsWith("!"));
  return {
    ignores: (path) => matcher.ignores(path),
    canSkip: (directory) => !hasExceptions && matcher.ignores(directory),
  };
}

/** Rules that leave nothing out. */
export const nothingIgnored: IgnoreRules = { ignores: () => false, canSkip: () => false };

/**
 * The rules for a context: those of the Dockerfile's own ignore file (`<Dockerfile>.dockerignore`)
 * when there is one, else of the context's .dockerignore. A named context has only the latter.
 */
export async function readIgnoreRules(context: string, dockerfile?: string): Promise<IgnoreRules> {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(context, ".dockerignore"),
  ];
  for (const file of candidates) {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (text !== undefined) return parseIgnoreRules(text);
  }
  return nothingIgnored;
}
