import type { Hint } from "./hint.ts";
import type { TargetOutcome } from "./target.ts";

/**
 * What to do about a failure: the advice of the first entry that its message or its evidence matches.
 * Undefined when none does.
 *
 * @param hints those of the target's kind
 */
export function hintFor(
  { message, evidence = [] }: Pick<TargetOutcome, "message" | "evidence">,
  hints: readonly Hint[],
): string | undefined {
  const lines = [message, ...evidence];
  // Log lines are indented below their title.
  const withoutLogs = lines.filter((line) => !line.startsWith("  "));
  return hints.find(({ when, inLogs }) =>
    (inLogs === true ? lines : withoutLogs).some((line) => when.every((pattern) => pattern.test(line))),
  )?.advice;
}

/** The outcome; a failure gets its hint if there is one. */
export function withHint(outcome: TargetOutcome, hints: readonly Hint[]): TargetOutcome {
  if (outcome.outcome !== "failed" && outcome.outcome !== "rolled back") return outcome;
  const hint = outcome.hint ?? hintFor(outcome, hints);
  return hint === undefined ? outcome : { ...outcome, hint };
}
