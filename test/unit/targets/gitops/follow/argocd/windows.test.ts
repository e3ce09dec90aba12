import { describe, expect, test } from "vitest";
import {
  closedWindowOf,
  isActive,
  type SyncWindow,
} from "../../../../../../runner/targets/gitops/follow/argocd/windows.ts";
import { application } from "../builders.ts";

const at = (text: string) => new Date(text);

describe("whether a window is active", () => {
  test.each([
    ["0 22 * * *", "8h", undefined, "2026-11-28T22:00:00Z", true],
    ["0 22 * * *", "8h", undefined, "2026-11-29T05:59:59Z", true],
    ["0 22 * * *", "8h", undefined, "2026-11-29T06:00:00Z", false],
    ["0 22 * * *", "1h30m", undefined, "2026-11-28T23:29:00Z", true],
    ["0 22 * * *", "1h30m", undefined, "2026-11-28T23:30:00Z", false],
    // Berlin is an hour ahead in November.
    ["0 22 * * *", "1h", "Europe/Berlin", "2026-11-28T21:30:00Z", true],
    ["0 22 * * *", "1h", "Europe/Berlin", "2026-11-28T22:30:00Z", false],
    // 28 November 2026 is a Saturday.
    ["0 0 * * 6", "24h", undefined, "2026-11-28T12:00:00Z", true],
    ["0 0 * * SAT,SUN", "24h", undefined, "2026-11-29T12:00:00Z", true],
    ["0 0 * * 7", "24h", undefined, "2026-11-29T12:00:00Z", true],
    ["0 0 * * 1-5", "24h", undefined, "2026-11-28T12:00:00Z", false],
    ["*/15 9-17 * NOV *", "5m", undefined, "2026-11-28T09:33:00Z", true],
    ["*/15 9-17 * NOV *", "5m", undefined, "2026-11-28T09:36:00Z", false],
    // Of day and weekday, one suffices when both are limited.
    ["0 0 1 * 6", "24h", undefined, "2026-11-28T12:00:00Z", true],
    ["not a schedule", "24h", undefined, "2026-11-28T12:00:00Z", false],
  ] as const)("%s for %s in %s at %s: %s", (schedule, duration, timeZone, now, active) => {
    expect(isActive({ schedule, duration, timeZone }, at(now))).toBe(active);
  });
});

describe("why an Application is not synced", () => {
  const now = at("2026-11-28T12:00:00Z");
  const window = (more: Partial<SyncWindow>): SyncWindow => ({
    kind: "deny",
    schedule: "0 10 * * *",
    duration: "4h",
    applications: ["*"],
    ...more,
  });
  const closed = (...windows: readonly SyncWindow[]) => closedWindowOf(windows, application(), now);

  test("an active deny window closes", () => {
    expect(closed(window({}))).toBe('deny "0 10 * * *" for 4h');
  });

  test("an active allow window opens, and a missed one does not", () => {
    expect(closed(window({ kind: "allow" }))).toBeUndefined();
    expect(closed(window({ kind: "allow", schedule: "0 2 * * *" }))).toBe(
      'outside of allow "0 2 * * *" for 4h',
    );
    expect(closed(window({ kind: "allow" }), window({}))).toBe('deny "0 10 * * *" for 4h');
  });

  test("windows of others do not count", () => {
    expect(closed(window({ applications: ["billing-*"] }))).toBeUndefined();
    expect(closed(window({ applications: ["ui-*"] }))).toBeDefined();
    expect(closed(window({ applications: undefined, namespaces: ["shop"] }))).toBeDefined();
    expect(
      closed(window({ applications: ["ui-dev"], namespaces: ["other"], andOperator: true })),
    ).toBeUndefined();
    expect(closed(window({ applications: [] }))).toBeUndefined();
  });
});
