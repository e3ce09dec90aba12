import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import pRetry from "p-retry";
import type { RequestInit, Response } from "undici";
import { registryUrl } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";

/** Time for one request of the registry. Blobs that are layers take their own. */
const answerSeconds = 60;

/**
 * A registry spoken to in its own language, the OCI distribution API: what ECR's API has no calls for,
 * or calls that hold no layer. The token is fetched once for each connection: open one for each phase.
 */
export interface RegistryConnection {
  /** Host and port. */
  readonly host: string;
  readonly signal: AbortSignal;
  /** Sends a request, again after a fault of network or registry; any other answer is the caller's. */
  request(path: string, init?: RegistryRequest): Promise<Response>;
}

export interface RegistryRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default: a minute. */
  readonly timeoutSeconds?: number;
}

/** Opens a connection to ECR's registry with a token of its own, which goes nowhere else. */
export function connectToRegistry(clients: Clients, host: string, signal: AbortSignal): RegistryConnection {
  const base = registryUrl(host);
  let token: Promise<string> | undefined;
  return {
    host,
    signal,
    request: async (path, init = {}) => {
      token ??= fetchToken(clients, signal);
      const authorization = `Basic ${await token}`;
      const url = new URL(path, base);
      const { timeoutSeconds = answerSeconds, headers = {}, ...rest } = init;
      // Loaded with the first request: commands that only look make none.
      const { fetch } = await import("undici");
      return retried(host, signal, () =>
        fetch(url, {
          ...rest,
          // A location on another host (a store of blobs) brings its own rights along.
          headers: url.host === host ? { ...headers, authorization } : { ...headers },
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
        } as RequestInit),
      );
    },
  };
}

async function fetchToken(clients: Clients, signal: AbortSignal): Promise<string> {
  const { authorizationData } = await clients.ecr.send(new GetAuthorizationTokenCommand({}), {
    abortSignal: signal,
  });
  const token = authorizationData?.[0]?.authorizationToken;
  if (token === undefined) throw new Error("GetAuthorizationToken returned no token");
  return token;
}

async function retried(host: string, signal: AbortSignal, send: () => Promise<Response>): Promise<Response> {
  try {
    return await pRetry(
      async () => {
        const answer = await send();
        if (answer.status < 500 && answer.status !== 429) return answer;
        throw new Error(`HTTP ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
      },
      { retries: 3, minTimeout: 200, factor: 2, randomize: true, signal },
    );
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError(
      {
        code: "registry-unreachable",
        where: host,
        message: `unexpected response from the registry: ${reasonOf(cause)}`,
        fix: "check the network and the proxy, and run the command again",
      },
      { exitCode: 1, cause },
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** The registry's error response: status, code and message, never the request. */
export async function refusalOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const [first] = errors ?? [];
    if (first !== undefined)
      return `${first.code ?? "error"}: ${first.message ?? ""} (HTTP ${answer.status})`;
  } catch {
    // Not the error document of the specification: shown as it is.
  }
  return `HTTP ${answer.status} ${text.slice(0, 200)}`.trim();
}
