import { describe, expect, test } from "vitest";
import { coloursFor } from "../../../runner/report/colours.ts";
import { cut, drawView } from "../../../runner/report/draw.ts";
import { formatDuration } from "../../../runner/report/duration.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import { describeEvent } from "../../../runner/report/lines.ts";
import { applyEvents, emptyView, splitFinished, type View } from "../../../runner/report/view.ts";

const plain = coloursFor({ isTTY: false }, {});

const started = (id: string, parent?: string): RunEvent => ({
  kind: "step-started",
  id,
  title: `title of ${id}`,
  ...(parent !== undefined && { parent }),
});
const ended = (id: string, outcome: "done" | "failed" | "skipped" = "done", message?: string): RunEvent => ({
  kind: "step-ended",
  id,
  outcome,
  milliseconds: 1500,
  ...(message !== undefined && { message }),
});
const log = (id: string, line: string): RunEvent => ({ kind: "step-log", id, line });

function view(...events: RunEvent[]): View {
  return applyEvents(
    emptyView,
    events.map((event) => ({ event, now: 0 })),
  );
}

function draw(shown: View, canvas: { width?: number; height?: number } = {}): string[] {
  return drawView(shown, { width: 60, height: 20, now: 0, colours: plain, ...canvas });
}

describe("a view", () => {
  test("nests steps and shows the last line of what runs", () => {
    const shown = view(
      started("build"),
      started("ui", "build"),
      log("ui", "#1 one"),
      log("ui", "#2 two"),
      log("ui", "  "),
      started("targets"),
    );
    expect(draw(shown)).toEqual([
      "⠋ title of build 0.0 s",
      "  ⠋ title of ui 0.0 s",
      "    #2 two",
      "⠋ title of targets 0.0 s",
    ]);
  });

  test("says how a step ended, for how long it ran, and no longer what it last wrote", () => {
    const shown = view(
      started("a"),
      log("a", "x"),
      ended("a", "failed", "exit code 1\nand more"),
      started("b"),
      ended("b", "skipped"),
    );
    expect(draw(shown)).toEqual(["✖ title of a  exit code 1 and more 1.5 s", "○ title of b 1.5 s"]);
  });

  test("lets a step that is tried again take its old place", () => {
    const shown = view(started("a"), started("b"), ended("a", "failed"), started("a"));
    expect(draw(shown)).toEqual(["⠋ title of a 0.0 s", "⠋ title of b 0.0 s"]);
  });

  test("ignores events of steps that never started", () => {
    expect(view(log("ghost", "boo"), ended("ghost"))).toEqual(emptyView);
  });

  test("gives up what has ended only in the order in which it started", () => {
    const shown = view(started("a"), started("a1", "a"), ended("a1"), started("b"), ended("b"), started("c"));
    expect(splitFinished(shown).finished.steps).toEqual([]);
    const later = splitFinished(applyEvents(shown, [{ event: ended("a"), now: 0 }]));
    expect(later.finished.steps.map(({ id }) => id)).toEqual(["a", "a1", "b"]);
    expect(later.rest.steps.map(({ id }) => id)).toEqual(["c"]);
  });

  test("never draws a line wider than the terminal, nor more of them than fit", () => {
    const events = Array.from({ length: 30 }, (_, index) => [
      started(`step ${index} with a name that is long`),
      log(`step ${index} with a name that is long`, "a line of output that goes on and on and on and on"),
      ...(index % 2 === 0 ? [ended(`step ${index} with a name that is long`)] : []),
    ]).flat();
    const lines = draw(view(...events), { width: 30, height: 12 });
    expect(lines.length).toBeLessThanOrEqual(12);
    for (const line of lines) expect([...line].length).toBeLessThan(30);
  });
});

test("plain lines begin with the step they belong to, without control characters", () => {
  expect(describeEvent(log("build ui", "\u001b[31mred\u001b[0m\r#2 next\n"))).toEqual([
    "build ui | red",
    "build ui | #2 next",
  ]);
  expect(describeEvent(ended("build ui", "failed", "no\nyes"))).toEqual([
    "build ui: failed after 1.5 s: no",
    "yes",
  ]);
});

test.each([
  [40, "0.0 s"],
  [9_940, "9.9 s"],
  [9_960, "10 s"],
  [59_400, "59 s"],
  [59_600, "1 min"],
  [125_000, "2 min 05 s"],
  [3_720_000, "1 h 02 min"],
])("%i ms is %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("a cut counts characters, not code units", () => {
  expect(cut("🙂🙂🙂", 3)).toBe("🙂🙂🙂");
  expect(cut("🙂🙂🙂🙂", 3)).toBe("🙂🙂…");
});
