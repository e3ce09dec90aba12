import { stripVTControlCharacters } from "node:util";
import type { Colours } from "../../report/colours.ts";
import type { LogSource } from "../../targets/logs.ts";
import type { LogEvent } from "./events.ts";

/** Prefix of a line: `cart`, or `cart/proxy` for a container other than the service's own. */
export function labelOf({ service, container }: Pick<LogEvent, "service" | "container">): string {
  return container === undefined ? service : `${service}/${container}`;
}

/**
 * Formats an event as text: time, source and message, repeated for each line of a multi-line message. A
 * service always has the same colour.
 *
 * @param sources all sources, to align the lines
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
    // Colours and cursor movements of a program would garble other lines.
    return stripVTControlCharacters(event.message)
      .split(/\r\n|[\r\n]/)
      .map((line) => `${start} ${line}`.trimEnd())
      .join("\n");
  };
}
