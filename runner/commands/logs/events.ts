import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { type CloudWatchSource, isOwnStream } from "../../targets/logs.ts";

/**
 * Lines come late, and not in their order: a look begins so long before the newest that was seen. What
 * was shown already is known by its id.
 */
export const overlapMilliseconds = 30_000;

/** A log line, as `--output json` prints it. */
export interface LogEvent {
  /** ISO 8601, to the millisecond, in UTC. */
  readonly time: string;
  readonly service: string;
  /** A container beside the one that runs the service's image. */
  readonly container?: string;
  readonly target: string;
  readonly group: string;
  readonly stream: string;
  readonly message: string;
}

/** A line and what orders it and tells it from others. */
export interface ReadEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The same for the same line, however often it is read. */
  readonly key: string;
  readonly event: LogEvent;
}

/**
 * Events of a source, those of other targets in the same group left out. An event without an id (not
 * from AWS) is known by its place, time and text; the second of two that are alike by its number.
 */
export function eventsOf(source: CloudWatchSource, found: readonly FilteredLogEvent[]): ReadEvent[] {
  const alike = new Map<string, number>();
  return found.flatMap((one): ReadEvent[] => {
    const { logStreamName: stream = "", timestamp: at = 0, message = "" } = one;
    if (!isOwnStream(source.streams, stream)) return [];
    const text = `${stream}\n${at}\n${message}`;
    const number = alike.get(text) ?? 0;
    alike.set(text, number + 1);
    const event: LogEvent = {
      time: new Date(at).toISOString(),
      service: source.service,
      ...(source.container === undefined ? {} : { container: source.container }),
      target: source.title,
      group: source.group,
      stream,
      message: message.trimEnd(),
    };
    return [{ at, key: one.eventId ?? `${text}\n${number}`, event }];
  });
}

/** Events of several sources as they happened; those of one moment in the order they came. */
export function inOrder(events: readonly ReadEvent[]): ReadEvent[] {
  return events.toSorted((a, b) => a.at - b.at);
}

/** The stream's prefix to ask for; undefined for all streams of the group. */
export function prefixOf({ streams }: CloudWatchSource): string | undefined {
  return streams.kind === "prefix" ? streams.prefix : undefined;
}
