import { z } from "zod";
import type { Application } from "./application.ts";

/** A sync window of an AppProject. https://argo-cd.readthedocs.io/en/stable/user-guide/sync_windows/ */
export const windowSchema = z.object({
  kind: z.string(),
  schedule: z.string(),
  duration: z.string(),
  applications: z.array(z.string()).optional(),
  namespaces: z.array(z.string()).optional(),
  clusters: z.array(z.string()).optional(),
  timeZone: z.string().optional(),
  andOperator: z.boolean().optional(),
});

export type SyncWindow = z.output<typeof windowSchema>;

/**
 * Why automated syncs of an Application wait now; undefined when they do not. An active deny window closes;
 * where allow windows exist, one of them must be active.
 */
export function closedWindowOf(
  windows: readonly SyncWindow[],
  application: Application,
  now: Date,
): string | undefined {
  const own = windows.filter((one) => applies(one, application));
  const deny = own.find((one) => one.kind === "deny" && isActive(one, now));
  if (deny !== undefined) return describe(deny);
  const allow = own.filter(({ kind }) => kind === "allow");
  if (allow.length === 0 || allow.some((one) => isActive(one, now))) return undefined;
  return `outside of ${allow.slice(0, 3).map(describe).join(", ")}`;
}

/** `deny 0 22 * * * for 1h (Europe/Berlin)` */
export function describe({
  kind,
  schedule,
  duration,
  timeZone,
}: Pick<SyncWindow, "kind" | "schedule" | "duration" | "timeZone">): string {
  return `${kind} "${schedule}" for ${duration}${timeZone === undefined ? "" : ` (${timeZone})`}`;
}

function applies(window: SyncWindow, { metadata, spec }: Application): boolean {
  const { namespace, server, name } = spec.destination ?? {};
  const matches = [
    [window.applications, [metadata.name]],
    [window.namespaces, [namespace]],
    [window.clusters, [server, name]],
  ] as const;
  const asked = matches.filter(([patterns]) => patterns !== undefined && patterns.length > 0);
  const answers = asked.map(([patterns = [], values]) =>
    patterns.some((pattern) => values.some((value) => value !== undefined && globOf(pattern).test(value))),
  );
  if (answers.length === 0) return false;
  return window.andOperator === true ? answers.every(Boolean) : answers.some(Boolean);
}

function globOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

const minute = 60_000;
/** A longer window is looked back into no further. */
const longestMinutes = 14 * 24 * 60;

/** Whether one of the window's starts is less than its duration ago. */
export function isActive(
  { schedule, duration, timeZone = "UTC" }: Pick<SyncWindow, "schedule" | "duration" | "timeZone">,
  now: Date,
): boolean {
  const minutes = Math.min(minutesOf(duration), longestMinutes);
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5 || minutes <= 0) return false;
  const parts = partsIn(timeZone);
  const start = Math.floor(now.getTime() / minute) * minute;
  for (let back = 0; back < minutes; back++) {
    if (matches(fields, parts(new Date(start - back * minute)))) return true;
  }
  return false;
}

/** Go's durations: `1h30m`. */
function minutesOf(duration: string): number {
  const units = { h: 60, m: 1, s: 1 / 60 } as const;
  const found = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  return found.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units], 0);
}

interface Moment {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

function partsIn(timeZone: string): (date: Date) => Moment {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    minute: "numeric",
    hour: "numeric",
    day: "numeric",
    month: "numeric",
    weekday: "short",
  });
  return (date) => {
    const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
    return {
      minute: Number(parts.minute),
      hour: Number(parts.hour),
      day: Number(parts.day),
      month: Number(parts.month),
      weekday: weekdays.indexOf((parts.weekday ?? "").toUpperCase()),
    };
  };
}

/** Whether a moment matches the five fields of a cron schedule. */
function matches(fields: readonly string[], moment: Moment): boolean {
  const [minutes = "*", hours = "*", days = "*", monthsField = "*", weekdaysField = "*"] = fields;
  const day = covers(days, moment.day, 31);
  const weekday =
    covers(weekdaysField, moment.weekday, 6, weekdays) ||
    (moment.weekday === 0 && covers(weekdaysField, 7, 7, weekdays));
  // As in cron: of day and weekday, one suffices when both are limited.
  const both = !days.startsWith("*") && !weekdaysField.startsWith("*");
  return (
    covers(minutes, moment.minute, 59) &&
    covers(hours, moment.hour, 23) &&
    covers(monthsField, moment.month, 12, months, 1) &&
    (both ? day || weekday : day && weekday)
  );
}

function covers(
  field: string,
  value: number,
  last: number,
  names: readonly string[] = [],
  offset = 0,
): boolean {
  const numberOf = (text: string) => {
    const named = names.indexOf(text.toUpperCase());
    return named === -1 ? Number(text) : named + offset;
  };
  return field.split(",").some((part) => {
    const [range = "*", step] = part.split("/");
    const [from = "", to] = range.split("-");
    const low = from === "*" || from === "?" ? offset : numberOf(from);
    const high =
      from === "*" || from === "?"
        ? last
        : to === undefined
          ? step === undefined
            ? low
            : last
          : numberOf(to);
    return value >= low && value <= high && (value - low) % (step === undefined ? 1 : Number(step)) === 0;
  });
}
