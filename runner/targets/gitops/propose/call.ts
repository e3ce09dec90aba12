import { setTimeout as sleep } from "node:timers/promises";
import { isAbort } from "../../../../config/problems/abort.ts";
import { type Problem, UserError } from "../../../../config/problems/errors.ts";

/** An answer of a server that is not what was asked for. */
export interface Refusal {
  readonly status: number;
  /** The server's words. */
  readonly message: string;
  /** Seconds after which it may be asked again, where it says so. */
  readonly retryAfterSeconds: number | undefined;
  /** Whether the token's calls of this hour are used up. */
  readonly isLimit: boolean;
}

/** Where calls go, for messages. */
export interface CallPlace {
  /** `GitHub` */
  readonly name: string;
  /** `acme/deploy` */
  readonly project: string;
  readonly tokenEnvironment: string;
  /** What a token needs: `Contents and Pull requests: read and write`. */
  readonly scopes: string;
}

const attempts = 5;
const firstPause = 500;
/** The longest that a server's own word is taken for when to ask again. */
const longestWaitSeconds = 60;

/**
 * Makes a call, again while the server does not answer, answers 5xx or asks for a pause.
 *
 * @param refusalOf what the server answered, of an error that its client throws
 * @param place for messages
 * @param pause of the first repetition, in milliseconds; tests take less
 * @throws UserError `forge-refused`, `throttled`, `unreachable`; a `Refused` for a 422, which the caller knows better
 */
export async function call<T>(
  work: () => Promise<T>,
  refusalOf: (error: unknown) => Refusal | undefined,
  place: CallPlace,
  signal: AbortSignal,
  pause = firstPause,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const refusal = refusalOf(error);
      if (refusal === undefined && !isNetworkError(error)) throw error;
      if (refusal !== undefined && [400, 409, 422].includes(refusal.status)) throw new Refused(refusal);
      const wait = waitMilliseconds(refusal, pause * 2 ** (attempt - 1));
      if (attempt === attempts || wait === undefined) throw problemOf(refusal, error, place);
      await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal });
    }
  }
}

/**
 * `call` for what no server has a reason to refuse.
 *
 * @throws UserError as `call` does, and for a 422 as well
 */
export async function callPlain<T>(
  ...[work, refusalOf, place, ...rest]: Parameters<typeof call<T>>
): Promise<T> {
  try {
    return await call(work, refusalOf, place, ...rest);
  } catch (error) {
    throw error instanceof Refused ? unexpected(error, place) : error;
  }
}

/** A call that the server understood and did not carry out. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.status}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** How long to wait before the next attempt; undefined when another one is of no use. */
function waitMilliseconds(refusal: Refusal | undefined, pause: number): number | undefined {
  if (refusal === undefined || refusal.status >= 500) return pause;
  const { status, retryAfterSeconds: seconds, isLimit } = refusal;
  if (!isLimit && status !== 429) return undefined;
  if (seconds === undefined) return pause;
  return seconds <= longestWaitSeconds ? seconds * 1000 : undefined;
}

/** Fetch throws TypeError for what never reached the server, and TimeoutError for one that does not answer. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error) || isAbort(error)) return false;
  const { name, message } = error;
  if (name === "HttpError" && !("response" in error && error.response !== undefined)) return true;
  return (
    name === "TimeoutError" ||
    name === "GitbeakerTimeoutError" ||
    /fetch failed|terminated|ECONN|socket|network/i.test(`${message} ${String(error.cause ?? "")}`)
  );
}

function problemOf(refusal: Refusal | undefined, cause: unknown, place: CallPlace): UserError {
  return new UserError(describe(refusal, place), { exitCode: 1, cause });
}

function describe(refusal: Refusal | undefined, place: CallPlace): Problem {
  const { name, project, tokenEnvironment, scopes } = place;
  const where = `${name} ${project}`;
  if (refusal === undefined || refusal.status >= 500) {
    const said = refusal === undefined ? "" : ` (${refusal.status}${words(refusal)})`;
    const fix = "run the command again: what was pushed already is found then";
    return { code: "unreachable", where, message: `${name} does not answer${said}`, fix };
  }
  const { status, isLimit, retryAfterSeconds: seconds } = refusal;
  if (isLimit || status === 429) {
    const when = seconds === undefined ? "later" : `in ${Math.ceil(seconds / 60)} minutes`;
    const message = `${name} takes no more calls with this token now${words(refusal)}`;
    return { code: "throttled", where, message, fix: `run the command again ${when}` };
  }
  const about = { code: "forge-refused", where, key: "tokenEnvironment", value: tokenEnvironment } as const;
  if (status === 401) {
    const message = `${name} does not accept the token${words(refusal)}`;
    return { ...about, message, fix: `set ${tokenEnvironment} to a token that is valid and not expired` };
  }
  if (status === 404) {
    const message = `there is no ${project} on ${name}, or the token may not see it`;
    return { ...about, message, fix: `check the address, and give the token ${scopes}` };
  }
  const message = `${name} refuses it (${status}${words(refusal)})`;
  const fix = /GitHub Actions is not permitted to create/i.test(refusal.message)
    ? "allow it in the repository's settings (Actions, General, Workflow permissions), or use the token of a GitHub App"
    : `give the token ${scopes}`;
  return { ...about, message, fix };
}

function words({ message }: Refusal): string {
  return message === "" ? "" : `: ${message.split("\n").join(" ").slice(0, 300)}`;
}

/** The problem for an answer that nobody expected. */
export function unexpected(refused: Refused, place: CallPlace): UserError {
  return problemOf(refused.refusal, refused, place);
}
