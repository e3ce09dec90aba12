import { EnvHttpProxyAgent, fetch, type Response } from "undici";
import type { Session } from "./session.ts";

const connectMilliseconds = 3000;
const stallMilliseconds = 30_000;
// Proxies come from the environment, as every other tool takes them.
const agent = new EnvHttpProxyAgent({
  connect: { timeout: connectMilliseconds },
  headersTimeout: stallMilliseconds,
  bodyTimeout: stallMilliseconds,
});

/** Why a host can't be reached; undefined when it answers. Asked once per session and host. */
export function unreachable(
  session: Pick<Session, "once" | "signal">,
  host: string,
): Promise<string | undefined> {
  return session.once(`reach ${host}`, async () => {
    try {
      const signal = AbortSignal.any([session.signal, AbortSignal.timeout(connectMilliseconds + 1000)]);
      const response = await fetch(`https://${host}/`, {
        method: "HEAD",
        dispatcher: agent,
        redirect: "manual",
        signal,
      });
      await response.body?.cancel();
      return undefined;
    } catch (error) {
      session.signal.throwIfAborted();
      return `${host} can't be reached (${reasonOf(error)})`;
    }
  });
}

/** A request that follows redirects and gives up when nothing comes for a while. */
export function request(
  url: string,
  options: { readonly signal: AbortSignal; readonly headers?: Record<string, string> },
): Promise<Response> {
  return fetch(url, { ...options, dispatcher: agent });
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
