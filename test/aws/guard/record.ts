import { appendFileSync } from "node:fs";
import { permissions } from "../../../config/permissions/permissions.ts";
import { readRecordedCalls } from "../../../docs/generate/calls.ts";
import type { GuardedCall } from "./guard.ts";

/** With `SLIPWAY_CALLS` set to a file, adds what commands have called to it, one a line. */
export function recordCalls(calls: readonly GuardedCall[]): void {
  const file = process.env.SLIPWAY_CALLS;
  if (!file) return;
  const lines = calls.flatMap(({ verb, role, call, asks, refused }) =>
    asks.map(({ action, resource }) =>
      JSON.stringify({ verb, role, call, action, resource, ...(refused && { refused: refused.action }) }),
    ),
  );
  appendFileSync(file, [...new Set(lines)].map((line) => `${line}\n`).join(""));
}

/**
 * What roles have called, and docs/generate/calls.json does not know of: that file is recorded again then. An
 * action with a case or a caller of its own may be called or not.
 */
export function unrecordedCalls(calls: readonly GuardedCall[]): string[] {
  if (process.env.SLIPWAY_CALLS) return [];
  const recorded = readRecordedCalls();
  const isExplained = (action: string) =>
    permissions.some((one) => one.action === action && (one.by ?? one.when) !== undefined);
  const lines = calls.flatMap(({ verb, role, asks, refused }) =>
    asks
      .map(({ action }) => action)
      .filter((action) => action !== refused?.action && !isExplained(action))
      .filter((action) => !Object.values(recorded[role] ?? {}).some((of) => of.includes(action)))
      .map((action) => `${verb} as ${role}: ${action}`),
  );
  return [...new Set(lines)];
}
