import { InvokeCommand, type InvokeCommandOutput } from "@aws-sdk/client-lambda";
import { isAwsError } from "../../../aws/errors.ts";
import type { FunctionUpdate } from "./until.ts";

/** Number of characters to show of an answer. */
const shownCharacters = 300;

/** Number of log lines to show of a failed invocation; Lambda returns at most 4 kB. */
const shownLines = 30;

/** What an invocation showed: undefined when the version answers as it should. */
export interface CheckFailure {
  /** `version 5 answered with an error (Unhandled): …` */
  readonly reason: string;
  /** The last log lines of the invocation. */
  readonly evidence: readonly string[];
}

/**
 * Invokes a version by its number with the target's `check`. It finds a version that crashes at the start
 * before any caller gets it.
 */
export async function checkVersion(
  update: FunctionUpdate,
  version: string,
): Promise<CheckFailure | undefined> {
  const { clients, signal, target } = update;
  const { check } = target;
  if (check === undefined) return undefined;
  const milliseconds = check.timeoutSeconds * 1000;
  const timeout = AbortSignal.timeout(milliseconds);
  const started = `version ${version} did not answer within ${check.timeoutSeconds} s`;
  try {
    const answer = await clients.lambda.send(
      new InvokeCommand({
        FunctionName: target.function,
        Qualifier: version,
        LogType: "Tail",
        Payload: JSON.stringify(check.payload ?? {}),
      }),
      // The client's own limit is for calls that answer at once.
      { abortSignal: AbortSignal.any([signal, timeout]), requestTimeout: milliseconds + 1000 },
    );
    return judgeAnswer(answer, version, check.matches);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { reason: started, evidence: [] };
    if (!isRefusal(error)) throw error;
    return { reason: `version ${version} could not be invoked: ${error.message}`, evidence: [] };
  }
}

/** Whether an answer is what `check` wants. */
export function judgeAnswer(
  answer: Pick<InvokeCommandOutput, "FunctionError" | "Payload" | "LogResult">,
  version: string,
  matches: string | undefined,
): CheckFailure | undefined {
  const text = answer.Payload === undefined ? "" : Buffer.from(answer.Payload).toString("utf8");
  const evidence = logEvidence(answer.LogResult);
  if (answer.FunctionError !== undefined) {
    const reason = `version ${version} answered with an error (${answer.FunctionError}): ${shorten(errorText(text))}`;
    return { reason, evidence };
  }
  if (matches === undefined || new RegExp(matches).test(text)) return undefined;
  return {
    reason: `the answer of version ${version} does not match /${matches}/: ${shorten(text)}`,
    evidence,
  };
}

/**
 * `Runtime.ExitError: Runtime exited with error: exit status 1`, as runtimes put it; the text itself
 * otherwise.
 */
function errorText(text: string): string {
  try {
    const said = JSON.parse(text) as { errorType?: unknown; errorMessage?: unknown } | null;
    const parts = [said?.errorType, said?.errorMessage].filter((part) => typeof part === "string");
    return parts.length === 0 ? text : parts.join(": ");
  } catch {
    return text;
  }
}

/** The tail of the log that came with an answer: 4 kB at most, base64. */
function logEvidence(tail: string | undefined): string[] {
  if (tail === undefined) return [];
  const lines = Buffer.from(tail, "base64")
    .toString("utf8")
    .split(/\r?\n|\r/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  return lines.length === 0
    ? []
    : ["last log lines of the invocation:", ...lines.slice(-shownLines).map((line) => `  ${line}`)];
}

function shorten(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`;
}

/** Whether Lambda accepted the call but did not run the function. */
function isRefusal(error: unknown): error is Error {
  const fault = (error as { $fault?: string } | undefined)?.$fault;
  return (
    (fault === "client" && error instanceof Error) ||
    isAwsError(error, "ServiceException", "EC2UnexpectedException", "KMSDisabledException")
  );
}
