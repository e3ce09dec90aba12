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
  const {
    GITHUB_REPOSITORY: repository = "",
    GITHUB_TOKEN: token = "",
    GITHUB_API_URL: api = "https://api.github.com",
  } = environment;
  if (!/^[^/]+\/[^/]+$/.test(repository)) return "this is not a GitHub Actions job";
  if (token === "") return "GITHUB_TOKEN is not set";
  return { api: api.replace(/\/+$/, ""), repository, token };
}

/** A client of GitHub's API, loaded when there is something to write. Each request has 15 s. */
export async function clientOf({ api, token }: GithubRepository, signal: AbortSignal) {
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

/** What the client throws when GitHub refuses a call. */
const refusalSchema = z.object({
  status: z.int(),
  request: z.object({ method: z.string(), url: z.string() }),
  response: z.object({ data: z.object({ message: z.string() }).catch({ message: "" }) }),
});

/** Errors say what GitHub answered to which call. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalSchema.safeParse(error).data;
    if (refusal === undefined) throw error;
    const { status, request, response } = refusal;
    const message = response.data.message === "" ? "" : ` (${response.data.message})`;
    throw new Error(`GitHub answered ${status}${message} to ${request.method} ${request.url}`);
  }
}

/** The text, truncated to what GitHub takes as a comment or the body of an issue. */
export function withinCharacters(text: string, maximum = maximumCharacters): string {
  if (text.length <= maximum) return text;
  const note = "\n\n_Truncated at GitHub's size limit. The job summary has the rest._";
  return text.slice(0, maximum - note.length) + note;
}
