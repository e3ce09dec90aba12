/**
 * What the process exits with: 1 failed or rolled back, 2 usage or configuration error, 3 refused by
 * a gate, 130 interrupted.
 */
export type ExitCode = 1 | 2 | 3 | 130;

/** What the reference says of one code: docs/reference/errors.md is made of these. */
export interface CodeEntry {
  /** What is wrong, one sentence. */
  readonly meaning: string;
  /** What to do about it, one sentence in the imperative. */
  readonly fix: string;
  /** Exit codes that a command can end with because of it; none for a warning, which stops nothing. */
  readonly exits: readonly ExitCode[];
}

export type CodeTable = Readonly<Record<string, CodeEntry>>;
