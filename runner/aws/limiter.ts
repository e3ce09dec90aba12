import { setTimeout as sleep } from "node:timers/promises";

/** How many calls an API takes, as AWS documents it. */
export interface Rate {
  /** Calls that may be made at once when none was made for a while. */
  readonly burst: number;
  /** Calls a second in the long run. */
  readonly perSecond: number;
}

/** Holds calls of an API back. */
export interface Limiter {
  /** Waits until a call may begin; the calls begin in the order in which they asked. */
  take(signal: AbortSignal | undefined): Promise<void>;
  /** To be told of each call that AWS refused because there were too many. */
  throttled(): void;
}

/** Time, for tests. */
export interface LimiterClock {
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const realClock: LimiterClock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal && { signal }),
};

/** Calls a second of an API without a known rate, once it has refused a call. */
const unknownRate = 100;

/** Seconds until the full rate is reached again after it fell to nothing. */
const recoverySeconds = 10;

/**
 * A token bucket, as AWS itself counts calls. The rate halves when AWS refuses a call, once a second at most
 * because the calls of one burst are refused together, and grows back evenly. Other programs share the
 * account's rate, so the documented one may be too much.
 *
 * The SDK's retry mode `adaptive` is not used: it has one rate for all APIs of a client and learns it only
 * from refusals. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 *
 * @param rate undefined: nothing is held back until AWS refuses a call
 */
export function createLimiter(rate: Rate | undefined, clock: LimiterClock = realClock): Limiter {
  const full = rate?.perSecond ?? unknownRate;
  const burst = rate?.burst ?? unknownRate;
  let limited = rate !== undefined;
  let perSecond = full;
  let tokens = burst;
  let filledAt = clock.now();
  let halvedAt = Number.NEGATIVE_INFINITY;
  let turn: Promise<unknown> = Promise.resolve();

  const fill = () => {
    const now = clock.now();
    const seconds = (now - filledAt) / 1000;
    filledAt = now;
    perSecond = Math.min(full, perSecond + (seconds * full) / recoverySeconds);
    tokens = Math.min(burst, tokens + seconds * perSecond);
    if (rate === undefined && perSecond === full) limited = false;
  };
  const next = async (signal: AbortSignal | undefined) => {
    fill();
    while (limited && tokens < 1) {
      await clock.sleep(((1 - tokens) * 1000) / perSecond, signal);
      fill();
    }
    tokens -= 1;
  };
  return {
    take: (signal) => {
      if (!limited) return Promise.resolve();
      const mine = turn.then(() => next(signal));
      // One that was aborted while it waited leaves its turn to the next.
      turn = mine.catch(() => {});
      return mine;
    },
    throttled: () => {
      fill();
      limited = true;
      tokens = Math.min(tokens, 0);
      if (filledAt - halvedAt < 1000) return;
      halvedAt = filledAt;
      perSecond = Math.max(1, perSecond / 2);
    },
  };
}
