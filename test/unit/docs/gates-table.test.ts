import { expect, test } from "vitest";
import { decide, decisions } from "../../../docs/generate/gates.ts";
import type { Because } from "../../../runner/gates/decide.ts";

const reasons = {
  new: true,
  "nothing to compare": true,
  any: true,
  overdue: true,
  "expired waiver": true,
  "runs already": true,
  "no fix": true,
  "fix unknown": true,
  waived: true,
  vex: true,
  severity: true,
} as const satisfies Record<Because, true>;

test("the table of the gate's decisions has a case for every reason, and for every verdict without a result", () => {
  const platforms = decisions.flatMap((one) => decide(one).platforms);
  const given = platforms.flatMap(({ findings }) => findings.map(({ because }) => because));
  expect(new Set(given)).toEqual(new Set(Object.keys(reasons)));
  const unknown = platforms.flatMap(({ unknown, verdict }) => (unknown === undefined ? [] : [verdict]));
  expect(new Set(unknown)).toEqual(new Set(["block", "warn", "pass"]));
});
