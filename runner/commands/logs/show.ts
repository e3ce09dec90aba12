import { stripVTControlCharacters } from "node:util";
import type { Colours } from "../../report/colours.ts";
import type { LogSource } from "../../targets/logs.ts";
import type { LogEvent } from "./events.ts";

/** What a line begins with: `cart`, `cart/proxy` for a container beside the service's own. */
export function labelOf({ service, container }: Pick<LogEvent, "service" | "container">): string {
  return container === undefined ? service : `${service}/${container}`;
}

/**
 * Shows lines as people read them: time, whose it is, and the message; each part of one that has
 * several lines by itself. A service has the same colour throughout.
 *
 * @param sources all there are, so that lines are aligned
 */
export function createLineWriter(
  sources: readonly LogSource[],
  colours: Colours,
): (event: LogEvent) => string {
  const { cyan, magenta, yellow, green, blue, dim } = colours;
  const palette = [cyan, magenta, yellow, green, blue];
  const labels = [...new Set(sources.map(labelOf))];
  const width = Math.max(0, ...labels.map((label) => label.length));
  return (event) => {
    const label = labelOf(event);
    const colour = palette[Math.max(0, labels.indexOf(label)) % palette.length] ?? cyan;
    const start = `${dim(event.time)} ${colour(label.padEnd(width))} ${dim("|")}`;
    // A program's own colours and cursor movements would garble the others' lines.
    return stripVTControlCharacters(event.message)
      .split(/\r\n|[\r\n]/)
      .map((line) => `${start} ${line}`.trimEnd())
      .join("\n");
  };
}
