import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../aws/errors.ts";

/** Time, passed in so that tests need none. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** @throws AbortError at once when the signal is aborted */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** 0 (included) to 1 (excluded). */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, { signal });
  },
  random: () => Math.random(),
};

/** How often something is looked at. */
export interface PollPolicy {
  readonly firstMilliseconds: number;
  /** Each pause is longer than the one before by this factor. */
  readonly factor: number;
  readonly longestMilliseconds: number;
  /** Part of a pause that is left to chance, so that parallel targets don't call at the same moments. */
  readonly jitter: number;
  /**
   * How long there may be no answer before waiting is given up; a refused connection is told at once, so
   * that counting looks would give a network that is gone for some seconds no time to come back.
   */
  readonly unansweredMilliseconds: number;
}

/**
 * Half a second at first, five seconds at last. ECS lets DescribeServices, the heaviest call, through
 * at 20 a second for an account (burst 100), Lambda GetFunction at 100: a hundred targets at once stay
 * below. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const pollPolicy: PollPolicy = {
  firstMilliseconds: 500,
  factor: 1.3,
  longestMilliseconds: 5_000,
  jitter: 0.2,
  unansweredMilliseconds: 60_000,
};

/** The pause before look number `attempt` (from 0), in milliseconds. */
export function pauseMilliseconds(policy: PollPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.longestMilliseconds, policy.firstMilliseconds * policy.factor ** attempt);
  return Math.round(full * (1 - policy.jitter * random));
}

export interface PollOptions {
  readonly clock: Clock;
  readonly policy: PollPolicy;
  /** When to give up, by the clock: milliseconds since the epoch; asked after each look when it may move. */
  readonly until: number | (() => number);
  readonly signal: AbortSignal;
  /**
   * Told of a look that got no answer (network, throttling) and will be repeated; `isFirst` when the look
   * before got one.
   */
  readonly onNoAnswer?: (error: Error, isFirst: boolean) => void;
  /** Looks that the pauses have grown for; default: all so far. Where it falls to 0, they are short again. */
  readonly quietLooks?: () => number;
  /** No pause is shorter. Default: 0. */
  readonly leastMilliseconds?: number;
}

/**
 * Looks, at once and then with growing pauses, until there is something to return; undefined when the
 * time is up. A look that gets no answer (after the client's own retries) is repeated.
 */
export async function poll<T>(
  look: (attempt: number) => Promise<T | undefined>,
  { clock, policy, until, signal, onNoAnswer, quietLooks, leastMilliseconds = 0 }: PollOptions,
): Promise<T | undefined> {
  let unansweredSince: number | undefined;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      const found = await look(attempt);
      if (found !== undefined) return found;
      unansweredSince = undefined;
    } catch (error) {
      if (!hasCode(error, "unreachable", "throttled")) throw error;
      // The first look without an answer is always repeated, however long it took to get none.
      if (unansweredSince !== undefined && clock.now() - unansweredSince >= policy.unansweredMilliseconds) {
        throw error;
      }
      const isFirst = unansweredSince === undefined;
      unansweredSince ??= clock.now();
      onNoAnswer?.(error, isFirst);
    }
    const left = (typeof until === "number" ? until : until()) - clock.now();
    if (left <= 0) return undefined;
    const pause = pauseMilliseconds(policy, quietLooks?.() ?? attempt, clock.random());
    await clock.sleep(Math.min(left, Math.max(pause, leastMilliseconds)), signal);
  }
}
