import { z } from "zod";
import { answered, clientOf, type GithubRepository, withinCharacters } from "./api.ts";

const pageSize = 100;
/** Pages of open issues to search for our own. */
const maximumPages = 30;

/** An issue that stands for as long as there is something to tell. */
export interface StandingIssue {
  /** Names the issue among all others: it is in its first line, where people don't see it. */
  readonly name: string;
  readonly title: string;
  /** Markdown; undefined when there is nothing left to tell. */
  readonly body: string | undefined;
  /** What the issue is closed with. */
  readonly closing: string;
}

/** What became of the issue. */
export interface KeptIssue {
  readonly outcome: "made" | "updated" | "unchanged" | "closed" | "none";
  readonly number?: number;
  /** Address of its page. */
  readonly url?: string;
}

const issueSchema = z.object({
  number: z.int(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  // GitHub lists pull requests as issues.
  pull_request: z.unknown().optional(),
});

/** First line of an issue's body, which identifies it. */
export function issueMarker(name: string): string {
  return `<!-- slipway:${name} -->`;
}

/**
 * Keeps one open issue: creates it, updates it in place, or closes it with a comment when there is nothing left to
 * tell. One that somebody closed is left closed, and a new one is made.
 *
 * https://docs.github.com/en/rest/issues/issues
 *
 * @throws Error with GitHub's response
 */
export async function keepIssue(
  repository: GithubRepository,
  { name, title, body, closing }: StandingIssue,
  signal: AbortSignal,
): Promise<KeptIssue> {
  const marker = issueMarker(name);
  const github = await clientOf(repository, signal);
  const [owner = "", repo = ""] = repository.repository.split("/");
  const at = { owner, repo };
  return answered(async () => {
    const own = await findIssue();
    if (body === undefined) return own === undefined ? { outcome: "none" } : close(own);
    const text = withinCharacters(`${marker}\n${body}`);
    if (own === undefined) {
      const { data } = await github.request("POST /repos/{owner}/{repo}/issues", {
        ...at,
        title,
        body: text,
      });
      return kept("made", issueSchema.parse(data));
    }
    if (own.title === title && own.body?.replaceAll("\r\n", "\n") === text) return kept("unchanged", own);
    const path = "PATCH /repos/{owner}/{repo}/issues/{issue_number}";
    await github.request(path, { ...at, issue_number: own.number, title, body: text });
    return kept("updated", own);
  });

  async function findIssue() {
    const path = "GET /repos/{owner}/{repo}/issues";
    let pages = 0;
    for await (const { data } of github.paginate.iterator(path, {
      ...at,
      state: "open",
      per_page: pageSize,
    })) {
      const own = z
        .array(issueSchema)
        .parse(data)
        .find((issue) => issue.pull_request === undefined && issue.body?.startsWith(marker));
      if (own !== undefined || ++pages === maximumPages) return own;
    }
    return undefined;
  }

  async function close(own: z.output<typeof issueSchema>): Promise<KeptIssue> {
    const which = { ...at, issue_number: own.number };
    await github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...which,
      body: closing,
    });
    const path = "PATCH /repos/{owner}/{repo}/issues/{issue_number}";
    await github.request(path, { ...which, state: "closed", state_reason: "completed" });
    return kept("closed", own);
  }
}

function kept(
  outcome: KeptIssue["outcome"],
  { number, html_url: url }: z.output<typeof issueSchema>,
): KeptIssue {
  return { outcome, number, url };
}
