import { readFile } from "node:fs/promises";
import { z } from "zod";

/** GitHub's limit for the characters of a comment. */
const maximumCharacters = 65_536;
const pageSize = 100;
/** Number of comments to search for our own. */
const maximumPages = 30;

/** Where the comments of a pull request are. */
export interface PullRequest {
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly token: string;
}

const eventSchema = z.object({ pull_request: z.object({ number: z.int().positive() }).optional() });

/**
 * The pull request that this job runs for, from GitHub's environment.
 *
 * @returns why there is none to comment on, as text
 */
export async function findPullRequest(environment: NodeJS.ProcessEnv): Promise<PullRequest | string> {
  const {
    GITHUB_REPOSITORY: repository = "",
    GITHUB_TOKEN: token = "",
    GITHUB_API_URL: api = "https://api.github.com",
    GITHUB_EVENT_PATH: eventPath = "",
    GITHUB_REF: ref = "",
  } = environment;
  if (!/^[^/]+\/[^/]+$/.test(repository)) return "this is not a GitHub Actions job";
  const event = await readFile(eventPath, "utf8").then(JSON.parse, () => ({}) as unknown);
  const fromRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
  const parsed = eventSchema.safeParse(event);
  const number =
    (parsed.success ? parsed.data.pull_request?.number : undefined) ?? Number(fromRef ?? Number.NaN);
  if (!Number.isInteger(number)) return "this job does not run for a pull request";
  if (token === "") return "GITHUB_TOKEN is not set";
  return { api: api.replace(/\/+$/, ""), repository, number, token };
}

/** First line of a stack's comment, which identifies it. */
export function commentMarker(stack: string): string {
  return `<!-- slipway:${stack} -->`;
}

/**
 * Creates or updates a stack's comment on a pull request.
 *
 * @throws Error with GitHub's response
 */
export async function writeComment(
  pullRequest: PullRequest,
  stack: string,
  markdown: string,
  signal: AbortSignal,
): Promise<"made" | "updated" | "unchanged"> {
  const marker = commentMarker(stack);
  const body = withinCharacters(`${marker}\n${markdown}`, maximumCharacters);
  const github = await clientOf(pullRequest, signal);
  const [owner = "", repo = ""] = pullRequest.repository.split("/");
  const issue = { owner, repo, issue_number: pullRequest.number };
  return answered(async () => {
    const own = await findComment();
    if (own?.body?.replaceAll("\r\n", "\n") === body) return "unchanged";
    if (own === undefined) {
      const path = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
      await github.request(path, { ...issue, body });
      return "made";
    }
    const path = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
    await github.request(path, { owner, repo, comment_id: own.id, body });
    return "updated";
  });

  async function findComment() {
    const path = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    let pages = 0;
    for await (const { data } of github.paginate.iterator(path, { ...issue, per_page: pageSize })) {
      const own = commentsSchema.parse(data).find((comment) => comment.body?.startsWith(marker));
      if (own !== undefined || ++pages === maximumPages) return own;
    }
    return undefined;
  }
}

/** A client of GitHub's API, loaded when there is a comment to write. Each request has 15 s. */
async function clientOf({ api, token }: PullRequest, signal: AbortSignal) {
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

const commentsSchema = z.array(z.object({ id: z.int(), body: z.string().nullish() }));

/** What the client throws when GitHub refuses a call. */
const refusalSchema = z.object({
  status: z.int(),
  request: z.object({ method: z.string(), url: z.string() }),
  response: z.object({ data: z.object({ message: z.string() }).catch({ message: "" }) }),
});

/** Errors say what GitHub answered to which call. */
async function answered<T>(work: () => Promise<T>): Promise<T> {
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

function withinCharacters(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  const note = "\n\n_Truncated at GitHub's size limit. The job summary has the rest._";
  return text.slice(0, maximum - note.length) + note;
}
