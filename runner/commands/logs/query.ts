import { UserError } from "../../../config/problems/errors.ts";

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * A moment, from a duration ago (`90s`, `10m`, `1h30m`, `2d`) or an ISO 8601 date and time. As in JavaScript,
 * a time without an offset is local, and a date without a time is midnight UTC.
 *
 * @throws UserError `bad-time`
 */
export function parseSince(text: string, now: Date): Date {
  const at = ago(text, now) ?? moment(text);
  if (at === undefined || Number.isNaN(at.getTime())) {
    throw bad(text, "is neither a duration nor a time", "write 90s, 10m, 2h, 1d or 2026-01-31T12:00:00Z");
  }
  if (at > now) throw bad(text, "is in the future", "use a time in the past");
  return at;
}

/**
 * `--lines` as a number of lines.
 *
 * @throws UserError `bad-lines`
 */
export function wholeLines(lines: number): number {
  if (Number.isInteger(lines) && lines >= 0) return lines;
  throw new UserError({
    code: "bad-lines",
    where: "--lines",
    value: Number.isNaN(lines) ? undefined : lines,
    message: "is not a valid number of lines",
    fix: "write a whole number; 0 shows only new lines",
  });
}

function ago(text: string, now: Date): Date | undefined {
  if (!/^(\d+[smhdw])+$/.test(text)) return undefined;
  const seconds = [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (unitSeconds[unit] ?? 0),
    0,
  );
  return new Date(Math.max(0, now.getTime() - seconds * 1000));
}

function moment(text: string): Date | undefined {
  // Date accepts much more than ISO 8601: "1", "march".
  return /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
    ? new Date(text)
    : undefined;
}

function bad(value: string, message: string, fix: string): UserError {
  return new UserError({ code: "bad-time", where: "--since", value, message, fix });
}
