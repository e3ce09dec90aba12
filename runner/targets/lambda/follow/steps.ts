import type { LambdaShift } from "../../../../config/targets/lambda/target.ts";
import { formatDuration } from "../../../report/duration.ts";

export type ShiftStep = LambdaShift["steps"][number];

/**
 * The steps to take. A shift that was killed has left its weight behind: it continues with
 * the first step that gives at least as much, for the step's whole time; with the last step when all
 * give less.
 *
 * @param weight part (0 to 1) that the new version gets already; undefined when it gets none
 */
export function remainingSteps(
  steps: readonly ShiftStep[],
  weight: number | undefined,
): readonly ShiftStep[] {
  if (weight === undefined) return steps;
  const index = steps.findIndex(({ percent }) => percent >= Math.round(weight * 100));
  return steps.slice(index === -1 ? -1 : index);
}

/** `10 % for 1 min, then 50 % for 1 min, then all`. */
export function describeSteps(steps: readonly ShiftStep[]): string {
  return [...steps.map(({ percent, seconds }) => `${percent} % for ${describeSeconds(seconds)}`), "all"].join(
    ", then ",
  );
}

/** Whole seconds, as they were written: `2 s`, `1 min 30 s`. */
function describeSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}
