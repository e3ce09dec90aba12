import { appendFileSync } from "node:fs";
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
