import { z } from "zod";

/** GitHub's limit for the characters of a comment, and of an issue. */
const maximumCharacters = 65_536;

/** A repository, and the token that may write to it. */
export interface GithubRepository {
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  readonly token: string;
}

/**
 * The repository that this job runs for, from GitHub's environment.
 *
 * @returns why there is none to write to, as text
 */
export function findRepository(environment: NodeJS.ProcessEnv): GithubRepository | string {
  const { GITHUB_REPOSITORY: repository = "", GITHUB_TOKEN: token = "" } = environment;
  if (!/^[^/]+\/[^/]+$/.test(repository)) return "this is not a GitHub Actions job";
  if (token === "") return "GITHUB_TOKEN is not set";
  return { api: apiOf(environment), repository, token };
}

/** Address of GitHub's API, which a server of your own has in GITHUB_API_URL; without a slash at the end. */
export function apiOf({ GITHUB_API_URL }: NodeJS.ProcessEnv): string {
  return (GITHUB_API_URL || "https://api.github.com").replace(/\/+$/, "");
}

/** A client of GitHub's API, loaded when there is something to write. Each request has 15 s. */
export async function clientOf({ api, token }: Pick<GithubRepository, "api" | "token">, signal: AbortSignal) {
  const [{ Octokit }, { paginateRest }] = await Promise.all([
    import("@octokit/core"),
    import("@octokit/plugin-paginate-rest"),
  ]);
  const silent = () => {};
  return new (Octokit.plugin(paginateRest))({
    auth: token,
    baseUrl: api,
    userAgent: "slipway",
    request: {
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]) }),
    },
    // What the client would print is thrown as well.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

export type GithubClient = Awaited<ReturnType<typeof clientOf>>;

/** An answer of GitHub that is not what was asked for. */
export interface GithubRefusal {
  readonly status: number;
  /** GitHub's words, with those of each error in its list. */
  readonly message: string;
  /** `POST https://api.github.com/repos/…` */
  readonly call: string;
  /** By name in small letters. */
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** What the client throws when GitHub refuses a call. */
const refusalSchema = z.object({
  status: z.int(),
  request: z.object({ method: z.string(), url: z.string() }),
  // Without a response, nothing was answered: the client gives such errors the status 500.
  response: z.object({
    headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()).catch({}),
    data: z
      .object({
        message: z.string().catch(""),
        errors: z
          .array(
            z.union([
              z.string(),
              z.object({ message: z.string().catch("") }).transform((one) => one.message),
            ]),
          )
          .catch([]),
      })
      .catch({ message: "", errors: [] }),
  }),
});

/** GitHub's refusal in an error of the client; undefined for any other error, such as no answer. */
export function refusalOf(error: unknown): GithubRefusal | undefined {
  const refusal = refusalSchema.safeParse(error).data;
  if (refusal === undefined) return undefined;
  const { status, request, response } = refusal;
  const { message, errors } = response.data;
  const words = [message, ...errors].filter((one) => one !== "");
  return {
    status,
    message: words.join(": "),
    call: `${request.method} ${request.url}`,
    headers: response.headers,
  };
}

/** Errors say what GitHub answered to which call. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const { status, message, call } = refusal;
    throw new Error(`GitHub answered ${status}${message === "" ? "" : ` (${message})`} to ${call}`);
  }
}

/** The text, truncated to what GitHub takes as a comment or the body of an issue. */
export function withinCharacters(text: string, maximum = maximumCharacters): string {
  if (text.length <= maximum) return text;
  const note = "\n\n_Truncated at GitHub's size limit. The job summary has the rest._";
  return text.slice(0, maximum - note.length) + note;
}
