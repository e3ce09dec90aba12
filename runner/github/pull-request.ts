import { readFile } from "node:fs/promises";
import { z } from "zod";
import { answered, apiOf, clientOf, type GithubRepository, withinCharacters } from "./api.ts";

const pageSize = 100;
/** Number of comments to search for our own. */
const maximumPages = 30;

/** Where the comments of a pull request are. */
export interface PullRequest extends GithubRepository {
  readonly number: number;
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
  return { api: apiOf(environment), repository, number, token };
}

/** First line of a stack's comment, or of its comment on one topic, which identifies it. */
export function commentMarker(stack: string, topic?: string): string {
  return topic === undefined ? `<!-- slipway:${stack} -->` : `<!-- slipway:${stack}:${topic} -->`;
}

/**
 * Creates or updates a stack's comment on a pull request.
 *
 * @param topic of a comment beside the stack's own
 * @throws Error with GitHub's response
 */
export async function writeComment(
  pullRequest: PullRequest,
  stack: string,
  markdown: string,
  signal: AbortSignal,
  topic?: string,
): Promise<"made" | "updated" | "unchanged"> {
  const marker = commentMarker(stack, topic);
  const body = withinCharacters(`${marker}\n${markdown}`);
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

const commentsSchema = z.array(z.object({ id: z.int(), body: z.string().nullish() }));
