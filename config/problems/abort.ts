/**
 * Whether an aborted signal made a call throw this: `fetch`, timers and the AWS SDK throw an `AbortError`,
 * execa an error that says `isCanceled`.
 */
export function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || ("isCanceled" in error && error.isCanceled === true);
}

/** An abort with the error that happened during it as its cause. */
export function abortedBy(cause: unknown): Error {
  return isAbort(cause)
    ? (cause as Error)
    : new DOMException("the run was interrupted", { name: "AbortError", cause });
}
