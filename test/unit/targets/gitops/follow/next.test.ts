import { expect, test } from "vitest";
import { type FollowState, next, nothingSeen } from "../../../../../runner/targets/gitops/follow/next.ts";
import type { Verdict } from "../../../../../runner/targets/gitops/follow/verdict.ts";

/** Steps of verdicts at seconds. */
function run(...looks: readonly (readonly [second: number, verdict: Verdict])[]) {
  let state: FollowState = nothingSeen;
  return looks.map(([second, verdict]) => {
    const step = next(state, verdict, second * 1000);
    state = step.state;
    return step;
  });
}

const failing: Verdict = { kind: "failing", reason: "Degraded", graceSeconds: 45 };
const waiting: Verdict = { kind: "waiting", message: "OutOfSync", asks: "refresh" };

test("what fails has its time to recover, and counts after it", () => {
  const [first, second, third] = run([0, failing], [44, failing], [45, failing]);
  expect(first).toMatchObject({ log: "Degraded" });
  expect(second?.end).toBeUndefined();
  expect(third?.end).toEqual({ kind: "failed", reason: "Degraded" });
});

test("a recovery starts the time again", () => {
  const steps = run([0, failing], [40, waiting], [44, failing], [60, failing]);
  expect(steps.map(({ end }) => end)).toEqual([undefined, undefined, undefined, undefined]);
});

test("another reason does not", () => {
  const steps = run([0, failing], [45, { ...failing, reason: "Degraded: 2 restarts" }]);
  expect(steps[1]?.end).toMatchObject({ reason: "Degraded: 2 restarts" });
});

test("a refresh has 20 seconds to show", () => {
  const steps = run([0, waiting], [5, waiting], [19, waiting], [20, waiting]);
  expect(steps.map(({ ask }) => ask)).toEqual(["refresh", undefined, undefined, "refresh"]);
});

test("progress is told when it changes, and a pause once", () => {
  const paused: Verdict = { kind: "paused", message: "Suspended", hint: "resume it" };
  const steps = run([0, waiting], [1, waiting], [2, paused], [3, waiting], [4, paused]);
  expect(steps.map(({ progress }) => progress)).toEqual([
    "OutOfSync",
    undefined,
    "Suspended",
    "OutOfSync",
    "Suspended",
  ]);
  expect(steps.map(({ log }) => log)).toEqual([undefined, undefined, "Suspended", undefined, undefined]);
});

test.each([
  { kind: "running", message: "runs" },
  { kind: "failed", reason: "sync failed" },
  { kind: "overtaken", reason: "another commit" },
] as const)("$kind ends it at once", (verdict) => {
  expect(run([0, verdict])[0]?.end).toEqual(verdict);
});
