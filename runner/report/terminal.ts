import { stripVTControlCharacters } from "node:util";
import { createLogUpdate } from "log-update";
import { type Colours, coloursFor } from "./colours.ts";
import { drawView } from "./draw.ts";
import type { Reporter, ReporterOptions, RunEvent } from "./events.ts";
import { applyEvent, emptyView, splitFinished, type View } from "./view.ts";

const redrawMilliseconds = 80;

/** Shows a run on a terminal: what runs moves at the bottom, what has ended stays above it. */
export function createTerminalReporter({ stream, environment }: ReporterOptions): Reporter {
  const colours = coloursFor(stream, environment);
  const update = createLogUpdate(stream);
  let view: View = emptyView;
  let closed = false;

  const canvas = () => ({
    width: stream.columns ?? 80,
    height: Math.max(3, (stream.rows ?? 24) - 2),
    now: performance.now(),
    colours,
  });
  const draw = () => {
    const { finished, rest } = splitFinished(view);
    view = rest;
    if (finished.steps.length > 0) {
      update.persist(drawView(finished, { ...canvas(), height: Number.POSITIVE_INFINITY }).join("\n"));
    }
    if (rest.steps.length > 0) update(drawView(rest, canvas()).join("\n"));
    else update.clear();
  };
  // Redrawn by the clock and not by each event: a build writes thousands of lines.
  const timer = setInterval(() => view.steps.length > 0 && draw(), redrawMilliseconds);
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
          view = applyEvent(view, { ...event, line: plain(event.line) }, performance.now());
          return;
        default:
          view = applyEvent(view, event, performance.now());
          if (event.kind === "step-ended") draw();
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
