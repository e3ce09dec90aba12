import type { Colours } from "../../report/colours.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { systemClock } from "../../targets/poll.ts";
import type { LogEvent } from "./events.ts";
import { followLogs } from "./follow.ts";
import { findLogs, inCloudWatch, type LogsQuery, readLogs } from "./read.ts";
import { createLineWriter } from "./show.ts";

/** `slipway logs` without `--follow`. */
export interface LogsDocument {
  readonly version: 1;
  readonly kind: "logs";
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** ISO 8601. */
  readonly since: string;
  /** Where the logs are, or why Slipway can't read them. */
  readonly sources: readonly {
    readonly service: string;
    readonly container?: string;
    readonly target: string;
    readonly group?: string;
    readonly elsewhere?: string;
  }[];
  /** Number of lines found; `events` has the newest of them. */
  readonly found: number;
  readonly events: readonly LogEvent[];
}

export interface ShownLogs {
  /** Undefined with `--follow`, which prints each line as it arrives. */
  readonly document: LogsDocument | undefined;
  readonly text: string;
  /** Whether any target logs to CloudWatch Logs. */
  readonly readable: boolean;
}

export interface LogsOptions extends LogsQuery {
  /** How to print new lines; undefined to show existing lines and end. */
  readonly follow?: { readonly output: "text" | "json"; readonly print: (text: string) => Promise<void> };
  readonly colours: Colours;
}

/** Shows the log lines of the session's services: existing lines and, with `follow`, new ones. */
export async function showLogs(session: Session, options: LogsOptions): Promise<ShownLogs> {
  const { emit } = session;
  const { since, filter, lines, follow, colours } = options;
  const sources = await findLogs(session);
  const readable = inCloudWatch(sources);
  const past = await readLogs(session, readable, { since, filter, lines });
  const events = past.events.map(({ event }) => event);
  if (past.found > events.length && lines > 0) {
    emit({
      kind: "notice",
      message: `showing the last ${events.length} of ${past.found} lines; --lines ${past.found} shows all`,
    });
  }
  const line = createLineWriter(sources, colours);
  const asText = (shown: readonly LogEvent[]) => shown.map(line).join("\n");
  if (follow !== undefined && readable.length > 0) {
    const print = async (shown: readonly LogEvent[]) => {
      if (shown.length === 0) return;
      const json = () => shown.map((event) => JSON.stringify(event)).join("\n");
      await follow.print(`${follow.output === "json" ? json() : asText(shown)}\n`);
    };
    await print(events);
    await followLogs(session, {
      sources: readable,
      since,
      filter,
      known: past.recent,
      clock: systemClock,
      print: (read) => print(read.map(({ event }) => event)),
    });
    return { document: undefined, text: "", readable: true };
  }
  return {
    readable: readable.length > 0,
    text: asText(events),
    document: {
      ...documentHead(session, "logs"),
      since: since.toISOString(),
      sources: sources.map((source) => ({
        service: source.service,
        ...(source.container === undefined ? {} : { container: source.container }),
        target: source.title,
        ...(source.place === "elsewhere" ? { elsewhere: source.description } : { group: source.group }),
      })),
      found: past.found,
      events,
    },
  };
}
