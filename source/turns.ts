import { setImmediate as nextTurn } from "node:timers/promises";

/** Who may stop a long reading of files, and who is told how far it is. */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many files have been looked at. */
  readonly progress?: ((files: number) => void) | undefined;
}

/** How long the event loop is held at most, and how often progress is told. Milliseconds. */
const holdMilliseconds = 50;
const progressMilliseconds = 500;

/** Turns for others during long synchronous work: for Ctrl-C, timers, and what is drawn. */
export function turns({ signal, progress }: Reading) {
  let heldSince = performance.now();
  let toldAt = heldSince;
  let files = 0;
  return {
    /** Counts, and says whether it is time to let others have a turn. */
    due: (more: number): boolean => {
      files += more;
      return performance.now() - heldSince > holdMilliseconds;
    },
    /** @throws AbortError */
    take: async (): Promise<void> => {
      const now = performance.now();
      if (now - toldAt > progressMilliseconds) {
        progress?.(files);
        toldAt = now;
      }
      await nextTurn();
      signal?.throwIfAborted();
      heldSince = performance.now();
    },
  };
}
