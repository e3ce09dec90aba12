/** What a failure says, and what to do about it. */
export interface Hint {
  /** All of these match the same line of the failure. */
  readonly when: readonly RegExp[];
  /** One line, in the imperative. */
  readonly advice: string;
  /** Whether the program's own log lines count. They often name things that are not the reason. */
  readonly inLogs?: boolean;
}
