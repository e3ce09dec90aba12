import pMap from "p-map";
import { readLogEvents } from "../../aws/log-events.ts";
import type { Session } from "../../session/session.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { CloudWatchSource, LogSource } from "../../targets/logs.ts";
import { eventsOf, inOrder, overlapMilliseconds, prefixOf, type ReadEvent } from "./events.ts";

/** Groups to read in parallel. FilterLogEvents allows five calls per second in small regions. */
export const parallelGroups = 5;

/** What is asked for. */
export interface LogsQuery {
  readonly since: Date;
  /** CloudWatch's filter pattern. */
  readonly filter?: string | undefined;
  /** Maximum number of existing lines to show, across all services. */
  readonly lines: number;
}

/** The log sources of the session's services. Only reads. */
export async function findLogs({
  directory,
  services,
  settings,
  clients,
  emit,
  signal,
}: Session): Promise<LogSource[]> {
  const found = await pMap(
    services.flatMap((service) => service.targets.map((target) => ({ service, target }))),
    ({ service, target }) =>
      kindOf(target).logs(service.name, target, { directory, clients, emit, signal, step: "logs" }),
    { concurrency: settings.deploy.parallelTargets, signal },
  );
  const none = services
    .filter(({ targets }) => targets.length === 0)
    .map(({ name }) => ({ name, message: `${name}: it has no targets, so it has no logs` }));
  for (const { message } of none) emit({ kind: "warning", code: "no-logs", message });
  for (const source of found.flat()) {
    if (source.place === "elsewhere") {
      const container = source.container === undefined ? "" : ` (container ${source.container})`;
      emit({
        kind: "warning",
        code: "logs-elsewhere",
        message: `${source.title}${container}: ${source.description}`,
      });
    }
  }
  return found.flat();
}

export function inCloudWatch(sources: readonly LogSource[]): CloudWatchSource[] {
  return sources.filter((source) => source.place === "cloudwatch");
}

/** The newest lines of several sources. */
export interface PastLines {
  /** In order of time, at most `lines`. */
  readonly events: readonly ReadEvent[];
  /** Number of events found. */
  readonly found: number;
  /** All recent events, shown or not, which the next read returns again. */
  readonly recent: readonly ReadEvent[];
}

/** Reads the events since a moment. */
export async function readLogs(
  { clients, emit, signal }: Pick<Session, "clients" | "emit" | "signal">,
  sources: readonly CloudWatchSource[],
  { since, filter, lines }: LogsQuery,
): Promise<PastLines> {
  const read = await pMap(
    sources,
    async (source) => {
      let newest: ReadEvent[] = [];
      let recent: ReadEvent[] = [];
      let found = 0;
      const query = { group: source.group, streamPrefix: prefixOf(source), filter, from: since.getTime() };
      const pages = readLogEvents(clients, query, signal);
      for (let page = await pages.next(); ; page = await pages.next()) {
        if (page.done === true) {
          if (page.value === "missing") emit(nothingLogged(source));
          return { newest, recent, found };
        }
        const events = eventsOf(source, page.value);
        found += events.length;
        // Keep only the events to show: a busy hour has millions.
        newest = lastOf(inOrder([...newest, ...events]), lines);
        recent = recentOf([...recent, ...events]);
      }
    },
    { concurrency: parallelGroups, signal },
  );
  return {
    events: lastOf(inOrder(read.flatMap(({ newest }) => newest)), lines),
    recent: read.flatMap(({ recent }) => recent),
    found: read.reduce((sum, { found }) => sum + found, 0),
  };
}

function lastOf(events: readonly ReadEvent[], lines: number): ReadEvent[] {
  return lines === 0 ? [] : events.slice(-lines);
}

function recentOf(events: readonly ReadEvent[]): ReadEvent[] {
  const newest = events.reduce((latest, { at }) => Math.max(latest, at), 0);
  return events.filter(({ at }) => at >= newest - overlapMilliseconds);
}

function nothingLogged({ title, group }: CloudWatchSource) {
  return {
    kind: "warning",
    code: "no-log-group",
    message: `${title}: log group ${group} does not exist, so nothing has been logged yet`,
  } as const;
}
