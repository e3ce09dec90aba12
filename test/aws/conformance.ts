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
  return {
    note: (exchange) => {
      for (const deviation of deviationsOf(exchange)) {
        const { service, operation, side, path, kind } = deviation;
        const key = [service, operation, side, path, kind].join(" ");
        if (found.has(key)) continue;
        found.set(key, deviation);
        const file = process.env.SLIPWAY_DEVIATIONS;
        if (file)
          appendFileSync(
            file,
            `${reasonFor(deviation) === undefined ? "new" : "known"} ${describeDeviation(deviation)}\n`,
          );
      }
    },
    unexpected: () =>
      [...found.values()].filter((one) => reasonFor(one) === undefined).map(describeDeviation),
  };
}
