import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { type CloudWatchSource, isOwnStream } from "../../targets/logs.ts";

/**
 * Events arrive late and out of order, so each read starts this long before the newest event. Their ids
 * show which were already printed.
 */
export const overlapMilliseconds = 30_000;

/** A log line, as `--output json` prints it. */
export interface LogEvent {
  /** ISO 8601, to the millisecond, in UTC. */
  readonly time: string;
  readonly service: string;
  /** A container other than the one that runs the service's image. */
  readonly container?: string;
  readonly target: string;
  readonly group: string;
  readonly stream: string;
  readonly message: string;
}

/** An event with its sort and identity keys. */
export interface ReadEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Identity of the event, stable across reads. */
  readonly key: string;
  readonly event: LogEvent;
}

/**
 * The events of a source, without those of other targets in the same group. An event without an id (not
 * from AWS) is identified by stream, time and text, plus a number for duplicates.
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

/** Merges events of several sources by time; events of the same time keep their order. */
export function inOrder(events: readonly ReadEvent[]): ReadEvent[] {
  return events.toSorted((a, b) => a.at - b.at);
}

/** Prefix of the log streams to read; undefined for all streams of the group. */
export function prefixOf({ streams }: CloudWatchSource): string | undefined {
  return streams.kind === "prefix" ? streams.prefix : undefined;
}
