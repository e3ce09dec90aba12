import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../aws/errors.ts";

/** A clock. Tests pass their own and do not wait. */
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

/** How often to look. */
export interface PollPolicy {
  readonly firstMilliseconds: number;
  /** Each pause is longer than the last by this factor. */
  readonly factor: number;
  readonly longestMilliseconds: number;
  /** Random part of a pause: parallel targets then don't call at the same moments. */
  readonly jitter: number;
  /**
   * How long to wait without an answer before giving up. A count of looks would not do: a refused
   * connection fails at once, and a network that is down for some seconds would get no time to come back.
   */
  readonly unansweredMilliseconds: number;
}

/**
 * Half a second at first, five seconds at the end. ECS allows an account 20 calls a second of
 * DescribeServices, the heaviest call (burst 100); Lambda allows 100 of GetFunction. A hundred targets at
 * once stay below both. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
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
  /** When to give up: milliseconds since the epoch. A function is called after each look. */
  readonly until: number | (() => number);
  readonly signal: AbortSignal;
  /**
   * Called when a look got no answer (network, throttling) and will be repeated; `isFirst` when the look
   * before it got one.
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
      // The first look without an answer is always repeated, however long it took.
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
