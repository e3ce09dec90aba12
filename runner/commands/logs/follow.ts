import pMap from "p-map";
import { isAbort } from "../../../config/problems/abort.ts";
import type { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { hasCode } from "../../aws/errors.ts";
import { readLogEvents } from "../../aws/log-events.ts";
import type { Session } from "../../session/session.ts";
import type { CloudWatchSource } from "../../targets/logs.ts";
import { type Clock, type PollPolicy, poll } from "../../targets/poll.ts";
import { eventsOf, inOrder, overlapMilliseconds, prefixOf, type ReadEvent } from "./events.ts";
import { parallelGroups } from "./read.ts";

/** Poll interval: one second while events arrive, otherwise five. */
const followPolicy: PollPolicy = {
  firstMilliseconds: 1_000,
  factor: 1.3,
  longestMilliseconds: 5_000,
  jitter: 0.2,
  unansweredMilliseconds: 60_000,
};

/** Pause per log group, to stay below five calls per second in total. */
const perGroupMilliseconds = 250;

/** The read position in a source. */
interface Cursor {
  readonly source: CloudWatchSource;
  newest: number;
  /** Key → time of events that the next read returns again. */
  readonly known: Map<string, number>;
}

export interface FollowLogs {
  readonly sources: readonly CloudWatchSource[];
  readonly since: Date;
  readonly filter?: string | undefined;
  /** Recent events that were already read, shown or not. */
  readonly known: readonly ReadEvent[];
  readonly clock: Clock;
  /** Called with the new events of one read, in order of time. */
  readonly print: (events: readonly ReadEvent[]) => Promise<void>;
}

/**
 * Shows each new event once, until the signal is aborted, which ends it without an error. Retries reads
 * without a response.
 */
export async function followLogs(
  { clients, emit, signal }: Pick<Session, "clients" | "emit" | "signal">,
  { sources, since, filter, known, clock, print }: FollowLogs,
): Promise<void> {
  const cursors = sources.map((source) => cursorOf(source, since, known));
  const look = async (cursor: Cursor): Promise<ReadEvent[]> => {
    const from = Math.max(since.getTime(), cursor.newest - overlapMilliseconds);
    const query = { group: cursor.source.group, streamPrefix: prefixOf(cursor.source), filter, from };
    const events: ReadEvent[] = [];
    for await (const page of readLogEvents(clients, query, signal))
      events.push(...eventsOf(cursor.source, page));
    return events;
  };
  let quiet = 0;
  const lookAtAll = async (): Promise<undefined> => {
    const looks = await pMap(cursors, async (cursor) => ({ cursor, ...(await settle(look(cursor))) }), {
      concurrency: parallelGroups,
    });
    const events = inOrder(looks.flatMap(({ cursor, events = [] }) => takeNew(cursor, events)));
    if (events.length > 0) await print(events);
    quiet = events.length > 0 ? 0 : quiet + 1;
    const [error] = looks.flatMap(({ error }) => error ?? []);
    if (error !== undefined) throw error;
  };
  try {
    await poll(lookAtAll, {
      clock,
      policy: followPolicy,
      until: Number.POSITIVE_INFINITY,
      signal,
      quietLooks: () => quiet,
      leastMilliseconds: cursors.length * perGroupMilliseconds,
      onNoAnswer: (error, isFirst) => {
        if (isFirst) emit({ kind: "warning", code: "no-answer", message: firstLine(error) });
      },
    });
  } catch (error) {
    if (isAbort(error)) return;
    throw error;
  }
}

/** The events, or the reason of a failed read that can be retried. Throws any other error. */
async function settle(look: Promise<ReadEvent[]>): Promise<{ events?: ReadEvent[]; error?: UserError }> {
  try {
    return { events: await look };
  } catch (error) {
    if (hasCode(error, "unreachable", "throttled")) return { error };
    throw error;
  }
}

function cursorOf(source: CloudWatchSource, since: Date, known: readonly ReadEvent[]): Cursor {
  const own = known.filter(
    ({ event }) => event.target === source.title && event.container === source.container,
  );
  return {
    source,
    newest: Math.max(since.getTime(), ...own.map(({ at }) => at)),
    known: new Map(own.map(({ key, at }) => [key, at])),
  };
}

/** Returns the events that are new, and remembers them as long as a read can return them again. */
function takeNew(cursor: Cursor, events: readonly ReadEvent[]): ReadEvent[] {
  const fresh = events.filter(({ key }) => !cursor.known.has(key));
  for (const { key, at } of fresh) {
    cursor.known.set(key, at);
    cursor.newest = Math.max(cursor.newest, at);
  }
  for (const [key, at] of cursor.known) {
    if (at < cursor.newest - overlapMilliseconds) cursor.known.delete(key);
  }
  return fresh;
}
