/** What a URL answered. */
export type Answer =
  | { readonly kind: "answered"; readonly status: number; readonly body: string }
  /** Nothing, or not in time: why. */
  | { readonly kind: "silent"; readonly reason: string };

/** Of an answer no more is read: enough to match against. */
const mostBytes = 64 * 1024;

/**
 * GET, without following redirects: what answers is what was asked.
 *
 * @param timeoutSeconds for the whole answer
 * @throws AbortError when the signal is aborted
 */
export async function ask(url: string, timeoutSeconds: number, signal: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  // Loaded when something is asked, which most commands never do.
  const { request } = await import("undici");
  try {
    // Not fetch, which refuses a list of ports.
    const { statusCode, body } = await request(url, {
      headers: { "user-agent": "slipway-smoke-check" },
      signal: AbortSignal.any([signal, timeout]),
    });
    return { kind: "answered", status: statusCode, body: await readStart(body) };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { kind: "silent", reason: `no answer within ${timeoutSeconds} s` };
    return { kind: "silent", reason: reasonOf(error) };
  }
}

async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString("utf8");
}

/** The innermost reason: what wraps it says less. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || error.name : reasonOf(error.cause);
}
