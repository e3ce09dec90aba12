import { ecsHints } from "./ecs/hints.ts";
import type { Hint } from "./hints/hint.ts";
import { lambdaHints } from "./lambda/hints.ts";
import type { TargetOutcome } from "./target.ts";

const tables = { ecs: ecsHints, lambda: lambdaHints } satisfies Record<
  TargetOutcome["kind"],
  readonly Hint[]
>;

/**
 * What to do about a failure: the advice of the first entry that its message or its evidence matches, in
 * the table's order, which goes from what is certain to what is a guess. Undefined when none does.
 */
export function hintFor(failure: Pick<TargetOutcome, "kind" | "message" | "evidence">): string | undefined {
  const lines = [failure.message, ...(failure.evidence ?? [])];
  // Log lines are set in under their title.
  const said = lines.filter((line) => !line.startsWith("  "));
  return tables[failure.kind].find(({ when, inLogs }) =>
    (inLogs === true ? lines : said).some((line) => when.every((pattern) => pattern.test(line))),
  )?.advice;
}

/** The outcome with its hint, when it is a failure and there is one. */
export function withHint(outcome: TargetOutcome): TargetOutcome {
  if (outcome.outcome !== "failed" && outcome.outcome !== "rolled back") return outcome;
  const hint = outcome.hint ?? hintFor(outcome);
  return hint === undefined ? outcome : { ...outcome, hint };
}
