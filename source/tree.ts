import type { SourceFile } from "./file.ts";
import type { IgnoreRules } from "./ignore.ts";

/**
 * The project's files, wherever they are: on disk, or in a commit. What a build reads is worked out
 * from this alone, so that both are compared by the same rules.
 */
export interface SourceTree {
  /** A text file; undefined when there is none. Paths are relative to the project's directory. */
  readText(path: string): Promise<string | undefined>;
  /** Where a link leads, as it is written; undefined for anything else, and when there is nothing. */
  readLink(path: string): Promise<string | undefined>;
  /** One file, or the link of that name; undefined when there is none. */
  readFile(path: string): Promise<SourceFile | undefined>;
  /**
   * All files below a folder that the rules leave in, sorted, with paths relative to it. Links are
   * listed, not followed. Empty folders, sockets and devices are no source. None without the folder.
   *
   * @throws UserError when something can't be read
   */
  list(folder: string, rules: IgnoreRules): Promise<readonly SourceFile[]>;
}
