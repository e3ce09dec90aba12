import { UserError } from "../../../../config/problems/errors.ts";
import type { LambdaTarget } from "../../../../config/targets/lambda/target.ts";
import type { Clients } from "../../../aws/clients.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { type Clock, poll, pollPolicy } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";

/** What all calls for one function share. */
export interface FunctionUpdate {
  readonly clients: Clients;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly target: LambdaTarget;
  /** By the clock, in milliseconds since the epoch. */
  readonly until: number;
  readonly progress: (message: string) => void;
}

/** The same with a fresh time-out: each wait has all of the target's time. */
export function renew(update: FunctionUpdate): FunctionUpdate {
  return { ...update, until: update.clock.now() + update.target.timeoutSeconds * 1000 };
}

/** The same for the clean-up after Ctrl-C: nothing interrupts it, and it takes at most a minute. */
export function uninterruptible(update: FunctionUpdate): FunctionUpdate {
  const { clients, clock } = update;
  return {
    ...update,
    clients: clients.uninterruptible,
    signal: new AbortController().signal,
    until: clock.now() + 60_000,
  };
}

/** For a target whose time began at `startedAt`. */
export function updateOf(
  target: LambdaTarget,
  context: TargetContext,
  clock: Clock,
  startedAt: number,
): FunctionUpdate {
  return {
    clients: context.clients,
    signal: context.signal,
    clock,
    target,
    until: startedAt + target.timeoutSeconds * 1000,
    progress: (message) => context.emit({ kind: "step-progress", id: context.step, message }),
  };
}

/** Repeats a call that Lambda refuses while another update is in progress, or while a new role propagates. */
export async function withoutConflict<T>(update: FunctionUpdate, call: () => Promise<T>): Promise<T> {
  const answer = await waitFor(update, "another update of the function to end", async (say) => {
    try {
      return { value: await call() };
    } catch (error) {
      // https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
      const busy = isAwsError(error, "ResourceConflictException") && !/already exist/i.test(error.message);
      const newRole =
        isAwsError(error, "InvalidParameterValueException") && /role.*assumed/i.test(error.message);
      if (!busy && !newRole) throw error;
      say(error.message);
      return undefined;
    }
  });
  return answer.value;
}

/**
 * Looks until there is an answer or the time is up.
 *
 * @param look gets `say`, to report what Lambda last said: that is the reason when the time is up
 * @throws UserError `timed-out`
 */
export async function waitFor<T>(
  update: FunctionUpdate,
  what: string,
  look: (say: (reason: string) => void) => Promise<T | undefined>,
): Promise<T> {
  const { clock, signal, until, target } = update;
  const startedAt = clock.now();
  let said: string | undefined;
  const found = await poll(
    async (attempt) => {
      const answer = await look((reason) => {
        said = reason;
      });
      if (answer === undefined && attempt === 0) update.progress(`waiting for ${what}`);
      return answer;
    },
    { clock, policy: pollPolicy, until, signal },
  );
  if (found !== undefined) return found;
  throw new UserError(
    {
      code: "timed-out",
      where: `Lambda function ${target.function}`,
      message: `waited ${Math.round((clock.now() - startedAt) / 1000)} s for ${what}${said === undefined ? "" : `; Lambda says: ${said}`}`,
      fix: "look at the function in the console; give the target a longer timeoutSeconds if it only takes long",
    },
    { exitCode: 1 },
  );
}
