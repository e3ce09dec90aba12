import { dirname, join } from "node:path/posix";
import { UserError } from "../config/problems/errors.ts";
import { InvalidPattern } from "./go-expression.ts";
import { cleanPath, type IgnorePattern, readPattern } from "./pattern.ts";

/** Which patterns matched a folder: what its entries need to know of it. */
export type FolderMatches = readonly boolean[];

/** Which paths of a context a build does not see. */
export interface IgnoreRules {
  /**
   * Whether a path (relative, forward slashes) is left out.
   *
   * @param folder what was found for the folder that it is in; undefined at the top
   */
  look(
    path: string,
    folder: FolderMatches | undefined,
  ): { readonly ignored: boolean; readonly matches: FolderMatches };
  /** Whether an excluded folder can be skipped entirely, because no exception matches inside it. */
  canSkip(folder: string): boolean;
  /**
   * Whether a build sees what git keeps for itself (`.git`, at any depth): only with an exception for
   * it. It differs on every machine and after every commit, so every build would differ. BuildKit also
   * excludes it if a context comes from git (BUILDKIT_CONTEXT_KEEP_GIT_DIR).
   */
  readonly keepsGit: boolean;
}

/** Rules that exclude nothing. */
export const nothingIgnored: IgnoreRules = {
  look: () => ({ ignored: false, matches: [] }),
  canSkip: () => false,
  keepsGit: false,
};

/**
 * The rules of an ignore file's text, exactly as BuildKit applies them while it sends a context: a
 * port of moby/patternmatcher's `MatchesUsingParentResults` and fsutil's filter.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 *
 * @param where the file, for the error
 * @throws UserError with every line that Docker would refuse
 */
export function parseIgnoreRules(text: string, where: string): IgnoreRules {
  const patterns = readLines(text, where);
  if (patterns.length === 0) return nothingIgnored;
  const exceptions = patterns.filter(({ exception }) => exception).map(({ text: one }) => one);
  const prefixes = exceptions.map((one) => one.replace(/\/\*\*$/, ""));
  const onlyPrefixes = prefixes.every((one) => !/[*[\]?^\\]/.test(one));
  return {
    look: (path, folder) => {
      let ignored = false;
      const matches = patterns.map((pattern, index) => {
        const inherited = folder?.[index] ?? false;
        // As upstream: a pattern that could not change the outcome is not tried, and counts as no match.
        if (!inherited && pattern.exception !== ignored) return false;
        const match = inherited || pattern.matches(path);
        if (match) ignored = !pattern.exception;
        return match;
      });
      return { ignored, matches };
    },
    keepsGit: exceptions.some((one) => one === ".git" || one.startsWith(".git/")),
    canSkip: (folder) => onlyPrefixes && !prefixes.some((one) => `${one}/`.startsWith(`${folder}/`)),
  };
}

/** A test for whole paths, in any order: each folder above is looked at once. */
export function ignoreFilter(rules: IgnoreRules): (path: string) => boolean {
  const folders = new Map<string, FolderMatches | undefined>();
  const matchesOf = (folder: string): FolderMatches | undefined => {
    if (folder === "") return undefined;
    if (!folders.has(folder)) folders.set(folder, rules.look(folder, matchesOf(parentOf(folder))).matches);
    return folders.get(folder);
  };
  return (path) => rules.look(path, matchesOf(parentOf(path))).ignored;
}

function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/**
 * Reads the lines as moby/patternmatcher/ignorefile does: a comment begins in the first column, `/` at the
 * beginning means nothing, and a byte order mark counts only at the beginning of the file.
 */
function readLines(text: string, where: string): IgnorePattern[] {
  const refused: RefusedLine[] = [];
  const patterns = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((written, index): IgnorePattern[] => {
      const trimmed = trimSpace(written);
      if (written.startsWith("#") || trimmed === "") return [];
      const exception = trimmed.startsWith("!");
      const path = exception ? trimSpace(trimmed.slice(1)) : trimmed;
      const cleaned = path === "" ? "" : cleanPath(path).replace(/^\/(?=.)/, "");
      // What was cleaned can end with white space again, and is trimmed again.
      const read = trimSpace(exception ? `!${cleaned}` : cleaned);
      if (read === "") return [];
      const line = { line: index + 1, value: trimmed };
      try {
        const pattern = readPattern(read);
        const matches = (tried: string) => {
          try {
            return pattern.matches(tried);
          } catch (error) {
            throw refusal([{ ...line, message: messageOf(error) }], where);
          }
        };
        return [{ ...pattern, matches }];
      } catch (error) {
        refused.push({ ...line, message: messageOf(error) });
        return [];
      }
    });
  if (refused.length === 0) return patterns;
  throw refusal(refused, where);
}

interface RefusedLine {
  readonly line: number;
  readonly value: string;
  readonly message: string;
}

function messageOf(error: unknown): string {
  if (error instanceof InvalidPattern) return error.message;
  throw error;
}

function refusal(lines: readonly RefusedLine[], where: string): UserError {
  return new UserError(
    lines.map(({ line, value, message }) => ({
      code: "invalid-ignore-pattern",
      where: `${where}:${line}`,
      value,
      message: `${message}, so Docker refuses to build`,
      fix: "correct the pattern; a backslash before a punctuation mark escapes it",
    })),
  );
}

/** Go's `strings.TrimSpace`: JavaScript's `trim` also takes a byte order mark, and leaves U+0085. */
function trimSpace(text: string): string {
  return text.replace(/^[^\S\uFEFF]+|[^\S\uFEFF]+$|^\u0085+|\u0085+$/g, "");
}

/** The project's files, as far as ignore files are looked for in them. */
export interface IgnoreFiles {
  /** A text file; undefined when there is none. */
  readText(path: string): Promise<string | undefined>;
  /** Where BuildKit finds the file of a folder: links are followed within it. */
  follow(folder: string, path: string): Promise<string>;
}

/**
 * The rules for a context: those of the Dockerfile's own ignore file (`<Dockerfile>.dockerignore`)
 * when there is one, else of the context's .dockerignore. A named context has only the latter. Each is read
 * as BuildKit reads it: through links that stay in its folder.
 *
 * @param context relative to the project's directory, as the Dockerfile is
 */
export async function readIgnoreRules(
  files: IgnoreFiles,
  context: string,
  dockerfile?: string,
): Promise<IgnoreRules> {
  const candidates = [
    ...(dockerfile === undefined ? [] : [[dirname(dockerfile), `${dockerfile}.dockerignore`] as const]),
    [context, join(context, ".dockerignore")] as const,
  ];
  for (const [folder, file] of candidates) {
    const text = await files.readText(await files.follow(folder, file));
    if (text !== undefined) return parseIgnoreRules(text, file);
  }
  return nothingIgnored;
}
