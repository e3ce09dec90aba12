import type { Colours } from "./colours.ts";
import type { RunEvent } from "./events.ts";

/** A warning as people read it, with what to do about it. */
export function describeWarning(event: Extract<RunEvent, { kind: "warning" }>, colours: Colours): string {
  const fix = event.fix === undefined ? "" : colours.dim(`\n  fix: ${event.fix}`);
  return `${colours.yellow("warning:")} ${event.message}${fix}`;
}
