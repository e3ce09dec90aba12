import { expect, test } from "vitest";
import { together, type Verdict } from "../../../../../runner/targets/gitops/follow/verdict.ts";

const running: Verdict = { kind: "running", message: "runs" };
const waiting: Verdict = { kind: "waiting", message: "Progressing" };
const paused: Verdict = { kind: "paused", message: "Suspended", hint: "resume it" };
const failing: Verdict = { kind: "failing", reason: "Degraded", graceSeconds: 45 };
const failed: Verdict = { kind: "failed", reason: "sync failed" };
const overtaken: Verdict = { kind: "overtaken", reason: "another commit" };

const all = (...verdicts: readonly Verdict[]) =>
  together(verdicts.map((verdict, index) => ({ name: `ui-${index + 1}`, verdict })));

test.each([
  [[running, running], "running", "all 2: ui-1: runs; ui-2: runs"],
  [[running, waiting], "waiting", "1 of 2: ui-2: Progressing"],
  [[running, paused], "paused", "1 of 2: ui-2: Suspended"],
  [[paused, waiting], "waiting", "1 of 2: ui-2: Progressing"],
  [[waiting, failing, running], "failing", "1 of 3: ui-2: Degraded"],
  [[failing, failed], "failed", "1 of 2: ui-2: sync failed"],
  [[overtaken, waiting, running], "overtaken", "1 of 3: ui-1: another commit"],
] as const)("%#: the worst of several decides", (verdicts, kind, text) => {
  const found = all(...verdicts);
  expect(found.kind).toBe(kind);
  expect("reason" in found ? found.reason : found.message).toBe(text);
});

test("one alone speaks for itself", () => {
  expect(all(paused)).toBe(paused);
});

test("what one needs, all are asked for", () => {
  expect(all({ ...waiting, asks: "refresh" }, { ...waiting, asks: "hard refresh" })).toMatchObject({
    asks: "hard refresh",
  });
});
