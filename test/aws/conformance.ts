import { appendFileSync } from "node:fs";
import { type Deviation, describeDeviation } from "./deviation.ts";
import { deviationsOf, type Exchange } from "./exchange.ts";
import { reasonFor } from "./known.ts";

/** What was said to AWS and answered, held against AWS's models. */
export interface Conformance {
  note(exchange: Exchange): void;
  /** What deviated and is not known of the emulator; one line each. */
  unexpected(): readonly string[];
}

/**
 * Holds what passes against AWS's models. With `SLIPWAY_DEVIATIONS` set to a file, everything that
 * deviated is added to that file, known or not.
 */
export function createConformance(): Conformance {
  const found = new Map<string, Deviation>();
  const unexpected: Deviation[] = [];
  return {
    note: (exchange) => {
      for (const deviation of deviationsOf(exchange)) {
        const { service, operation, side, path, kind } = deviation;
        const key = [service, operation, side, path, kind].join(" ");
        if (found.has(key)) continue;
        const reason = reasonFor(deviation, [...found.values()]);
        found.set(key, deviation);
        if (reason === undefined) unexpected.push(deviation);
        const file = process.env.SLIPWAY_DEVIATIONS;
        if (file)
          appendFileSync(file, `${reason === undefined ? "new" : "known"} ${describeDeviation(deviation)}\n`);
      }
    },
    unexpected: () => unexpected.map(describeDeviation),
  };
}
