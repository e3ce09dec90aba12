import { isAbort } from "../../../../../config/problems/abort.ts";
import { UserError } from "../../../../../config/problems/errors.ts";
import { firstLine } from "../../../../../config/problems/first-line.ts";

export interface ArgocdCall {
  readonly server: string;
  readonly token: string;
  /** Below `/api/v1/`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Argo CD answers a refresh when the comparison is over. */
const answerMilliseconds = 60_000;

/**
 * GET of Argo CD's API. A stream of log lines is an array.
 *
 * @throws UserError when it refuses or does not answer (`unreachable`)
 */
export async function askArgocd({ server, token, path, query, signal }: ArgocdCall): Promise<unknown> {
  const url = new URL(`${server.replace(/\/+$/, "")}/api/v1/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const limit = AbortSignal.timeout(answerMilliseconds);
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      signal: AbortSignal.any([signal, limit]),
      // A sign-in page instead of an answer; the token must not follow it.
      redirect: "manual",
    });
    const text = await response.text();
    if (!response.ok) throw explainStatus(response.status, text, url);
    return parse(text, url);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (isAbort(error) && signal.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw problem(
      "unreachable",
      url,
      `Argo CD does not respond: ${firstLine(cause)}`,
      "check the address in follow.argocd.server, the network and the certificate (NODE_EXTRA_CA_CERTS)",
      error,
    );
  }
}

function parse(text: string, url: URL): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    try {
      return lines.map((line) => JSON.parse(line) as unknown);
    } catch {
      throw problem(
        "cluster-refused",
        url,
        `${url.origin} does not answer as Argo CD does`,
        "correct follow.argocd.server: it is the address of the web page, without a path",
        error,
      );
    }
  }
}

function explainStatus(status: number, text: string, url: URL): UserError {
  const said = messageOf(text);
  const message = `Argo CD answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status === 401) {
    return problem(
      "cluster-refused",
      url,
      message,
      "renew the token in the environment variable of follow.argocd.tokenEnvironment",
    );
  }
  if (status === 403) {
    return problem(
      "cluster-refused",
      url,
      message,
      "allow the token's account applications, get (and logs, get) on the Application in Argo CD's policy; it also answers so when the Application does not exist",
    );
  }
  if (status === 404) {
    return problem("not-in-cluster", url, message, "correct application and namespace of follow.argocd");
  }
  if (status === 429) return problem("throttled", url, message, "try again later");
  if (status >= 500) return problem("unreachable", url, message, "look at the log of argocd-server");
  return problem(
    "cluster-refused",
    url,
    message,
    "correct follow.argocd.server: it is the address of the web page, without a path",
  );
}

function messageOf(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: unknown };
    return [message, error].find((one) => typeof one === "string") ?? "";
  } catch {
    return text.startsWith("<") ? "" : (text.split("\n", 1)[0] ?? "").slice(0, 200);
  }
}

function problem(
  code: "unreachable" | "throttled" | "cluster-refused" | "not-in-cluster",
  url: URL,
  message: string,
  fix: string,
  cause?: unknown,
): UserError {
  return new UserError({ code, where: `${url.origin}${url.pathname}`, message, fix }, { exitCode: 1, cause });
}
