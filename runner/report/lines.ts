import { stripVTControlCharacters } from "node:util";
import { formatDuration } from "./duration.ts";
import type { Reporter, ReporterOptions, RunEvent } from "./events.ts";
import { annotation } from "./github.ts";

/** Reports a run without a terminal: a line for each event, with its time. */
export function createLineReporter({ stream, environment }: ReporterOptions): Reporter {
  const inActions = environment.GITHUB_ACTIONS === "true";
  let closed = false;
  return {
    emit: (event) => {
      if (closed) return;
      for (const line of describeEvent(event)) stream.write(`${timestamp(new Date())} ${line}\n`);
      if (inActions && event.kind === "warning") {
        const { code, message, fix } = event;
        stream.write(
          `${annotation("warning", fix === undefined ? { code, message } : { code, message, fix })}\n`,
        );
      }
    },
    close: () => {
      closed = true;
    },
  };
}

/** An event as plain lines, each beginning with the step that it belongs to. */
export function describeEvent(event: RunEvent): string[] {
  switch (event.kind) {
    case "step-started":
      return [`${event.title} ...`];
    case "step-progress":
      return [`${event.id}: ${event.message}`];
    case "step-log":
      return stripVTControlCharacters(event.line)
        .split(/[\r\n]+/)
        .filter((line) => line.trim() !== "")
        .map((line) => `${event.id} | ${line}`);
    case "step-ended": {
      const message = event.message === undefined ? "" : `: ${event.message}`;
      return `${event.id}: ${event.outcome} after ${formatDuration(event.milliseconds)}${message}`.split(
        "\n",
      );
    }
    case "notice":
      return [event.message];
    case "warning":
      return [`warning: ${event.message}`, ...(event.fix === undefined ? [] : [`  fix: ${event.fix}`])];
  }
}

/** To the second, in UTC: `2026-05-04T10:20:30Z`. */
export function timestamp(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}
