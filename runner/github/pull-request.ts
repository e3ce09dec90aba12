import { readFile } from "node:fs/promises";
import { fetch } from "undici";
import { z } from "zod";

/** GitHub takes no more characters in a comment. */
const maximumCharacters = 65_536;
const pageSize = 100;
/** Comments that are looked through for our own. */
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

/** What our comment of a stack begins with: it is found again by it. */
export function commentMarker(stack: string): string {
  return `<!-- slipway:${stack} -->`;
}

const commentsSchema = z.array(z.object({ id: z.int(), body: z.string().nullish() }));

/**
 * Writes a stack's one comment on a pull request: makes it, or replaces what it said.
 *
 * @throws Error with what GitHub answered
 */
export async function writeComment(
  pullRequest: PullRequest,
  stack: string,
  markdown: string,
  signal: AbortSignal,
): Promise<"made" | "updated" | "unchanged"> {
  const marker = commentMarker(stack);
  const body = withinCharacters(`${marker}\n${markdown}`, maximumCharacters);
  const issues = `/repos/${pullRequest.repository}/issues`;
  for (let page = 1; page <= maximumPages; page++) {
    const path = `${issues}/${pullRequest.number}/comments?per_page=${pageSize}&page=${page}`;
    const comments = commentsSchema.parse(await call(pullRequest, "GET", path, undefined, signal));
    const own = comments.find((comment) => comment.body?.startsWith(marker));
    if (own !== undefined) {
      if (own.body?.replaceAll("\r\n", "\n") === body) return "unchanged";
      await call(pullRequest, "PATCH", `${issues}/comments/${own.id}`, { body }, signal);
      return "updated";
    }
    if (comments.length < pageSize) break;
  }
  await call(pullRequest, "POST", `${issues}/${pullRequest.number}/comments`, { body }, signal);
  return "made";
}

async function call(
  { api, token }: PullRequest,
  method: "GET" | "PATCH" | "POST",
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await fetch(`${api}${path}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "user-agent": "slipway",
      "x-github-api-version": "2022-11-28",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
  });
  if (answer.ok) return answer.json();
  const { message } = z
    .object({ message: z.string() })
    .catch({ message: "" })
    .parse(await answer.json().catch(() => undefined));
  throw new Error(
    `GitHub answered ${answer.status}${message === "" ? "" : ` (${message})`} to ${method} ${path}`,
  );
}

function withinCharacters(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  const note = "\n\n_The rest is left out: GitHub takes no more. The job's summary has it._";
  return text.slice(0, maximum - note.length) + note;
}
