import { describe, expect, it } from "vitest";
import { parseSince, wholeLines } from "../../../../runner/commands/logs/query.ts";

const now = new Date("2026-05-04T10:20:30Z");

describe("--since", () => {
  it.each([
    ["90s", "2026-05-04T10:19:00.000Z"],
    ["10m", "2026-05-04T10:10:30.000Z"],
    ["1h30m", "2026-05-04T08:50:30.000Z"],
    ["2d", "2026-05-02T10:20:30.000Z"],
    ["1w", "2026-04-27T10:20:30.000Z"],
    ["2026-05-04T10:00:00Z", "2026-05-04T10:00:00.000Z"],
    ["2026-05-04T12:00:00+02:00", "2026-05-04T10:00:00.000Z"],
    ["2026-05-04", "2026-05-04T00:00:00.000Z"],
  ])("takes %s", (text, expected) => {
    expect(parseSince(text, now).toISOString()).toBe(expected);
  });

  it.each(["", "10", "10 m", "m", "soon", "march", "2026-13-40T00:00:00Z", "-5m"])("refuses %o", (text) => {
    expect(() => parseSince(text, now)).toThrow(/is neither a duration nor a time/);
  });

  it("refuses what has not been yet", () => {
    expect(() => parseSince("2026-05-04T10:20:31Z", now)).toThrow(/in the future/);
  });
});

describe("--lines", () => {
  it("takes whole numbers, and none", () => {
    expect([0, 1, 500].map(wholeLines)).toEqual([0, 1, 500]);
    for (const lines of [-1, 1.5, Number.NaN])
      expect(() => wholeLines(lines)).toThrow(/not a valid number of lines/);
  });
});
