/** Handles Ctrl-C and SIGTERM while a command runs. */
export interface Interruption {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Aborts at the first signal. The second one ends the process immediately with exit code 130. Code that
 * must end children in other process groups listens for the process's `exit`.
 *
 * @param announce called at the first signal, and with `now: true` just before the end at the second
 */
export function listenForInterrupts(announce: (event: { readonly now: boolean }) => void): Interruption {
  const controller = new AbortController();
  const onSignal = () => {
    const now = controller.signal.aborted;
    announce({ now });
    if (now) process.exit(130);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
