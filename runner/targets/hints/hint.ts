/** What a failure says, and what to do about it. */
export interface Hint {
  /** Every one of these is said on one line of the failure. */
  readonly when: readonly RegExp[];
  /** One line, in the imperative. */
  readonly advice: string;
  /** Whether the program's own log lines count, too; they say many things that are not the reason. */
  readonly inLogs?: boolean;
}
