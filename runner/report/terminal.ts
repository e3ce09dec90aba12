import { stripVTControlCharacters } from "node:util";
import { createLogUpdate } from "log-update";
import { type Colours, coloursFor } from "./colours.ts";
import { drawView } from "./draw.ts";
import type { Reporter, ReporterOptions, RunEvent } from "./events.ts";
import { applyEvents, emptyView, splitFinished, type TimedEvent, type View } from "./view.ts";

const redrawMilliseconds = 80;

/** Shows a run on a terminal: what runs moves at the bottom, what has ended stays above it. */
export function createTerminalReporter({ stream, environment }: ReporterOptions): Reporter {
  const colours = coloursFor(stream, environment);
  const update = createLogUpdate(stream);
  let view: View = emptyView;
  let waiting: TimedEvent[] = [];
  let drawnAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const canvas = () => ({
    width: stream.columns ?? 80,
    height: Math.max(3, (stream.rows ?? 24) - 2),
    now: performance.now(),
    colours,
  });
  const draw = () => {
    drawnAt = performance.now();
    const { finished, rest } = splitFinished(applyEvents(view, waiting));
    waiting = [];
    view = rest;
    if (finished.steps.length > 0) {
      update.persist(drawView(finished, { ...canvas(), height: Number.POSITIVE_INFINITY }).join("\n"));
    }
    if (rest.steps.length > 0) update(drawView(rest, canvas()).join("\n"));
    else update.clear();
  };
  // Redrawn by the clock and not by each event: a build writes thousands of lines.
  const timer = setInterval(() => {
    if (view.steps.length + waiting.length > 0) draw();
  }, redrawMilliseconds);
  timer.unref();

  return {
    emit: (event: RunEvent) => {
      if (closed) return;
      switch (event.kind) {
        case "notice":
          return update.persist(`${colours.cyan("•")} ${event.message}`);
        case "warning":
          return update.persist(describeWarning(event, colours));
        case "step-log":
          waiting.push({ event: { ...event, line: plain(event.line) }, now: performance.now() });
          return;
        default:
          waiting.push({ event, now: performance.now() });
          if (event.kind === "step-ended" && performance.now() - drawnAt >= redrawMilliseconds) draw();
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** Without colours and cursor movements, which would garble the list. */
function plain(line: string): string {
  return stripVTControlCharacters(line).replaceAll(/[\t\r]/g, " ");
}

/** A warning as people read it, with what to do about it. */
function describeWarning(event: Extract<RunEvent, { kind: "warning" }>, colours: Colours): string {
  const fix = event.fix === undefined ? "" : colours.dim(`\n  fix: ${event.fix}`);
  return `${colours.yellow("warning:")} ${event.message}${fix}`;
}
