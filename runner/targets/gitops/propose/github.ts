import { z } from "zod";
import { clientOf, type GithubClient, refusalOf as refusalOfClient } from "../../../github/api.ts";
import { type CallPlace, call, callPlain, type Refusal, Refused, unexpected } from "./call.ts";
import type { Forge, NewPullRequest, NotMade, PullRequest } from "./forge.ts";

const pageSize = 100;

/** https://docs.github.com/en/rest/pulls/pulls */
const pullSchema = z.object({
  number: z.int(),
  html_url: z.string(),
  state: z.string(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  title: z.string(),
  body: z.string().nullish(),
  head: z.object({
    ref: z.string(),
    label: z.string().nullish(),
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string() }),
});
type Pull = z.output<typeof pullSchema>;

const fileSchema = z.object({ filename: z.string() });

const commitSchema = z.object({
  commit: z.object({ message: z.string() }),
  parents: z.array(z.unknown()).default([]),
});

/**
 * GitHub, and GitHub Enterprise, by their REST API. Gitea and Forgejo have the same calls under `/api/v1`.
 *
 * @param pause see `call`
 */
export async function openGithub(
  place: { readonly api: string; readonly project: string; readonly tokenEnvironment: string },
  token: string,
  signal: AbortSignal,
  pause?: number,
): Promise<Forge> {
  const client = await clientOf({ api: place.api, token }, signal);
  const [owner = "", repo = ""] = place.project.split("/");
  const repository = { owner, repo };
  const about: CallPlace = {
    ...place,
    name: "GitHub",
    scopes:
      "the permissions Contents and Pull requests (read and write) of a fine-grained token or an App, or the scope repo",
  };
  const ask = <T>(work: () => Promise<T>) => call(work, refusalOf, about, signal, pause);
  const asked = <T>(work: () => Promise<T>) => callPlain(work, refusalOf, about, signal, pause);
  const isOwn = ({ head }: Pull) =>
    head.repo?.full_name === undefined || head.repo.full_name.toLowerCase() === place.project.toLowerCase();
  const list = async (parameters: Readonly<Record<string, string>>) => {
    const path = "GET /repos/{owner}/{repo}/pulls";
    const found = await asked(() =>
      client.paginate(path, { ...repository, ...parameters, per_page: pageSize } as never),
    );
    return z.array(pullSchema).parse(found).filter(isOwn);
  };
  return {
    name: "GitHub",
    noun: "pull request",
    async between(head, base) {
      const all = await list({
        state: "all",
        head: `${owner}:${head}`,
        base,
        sort: "created",
        direction: "desc",
      });
      // A server that does not know the parameter answers with all of them.
      return all
        .filter((one) => branchOf(one) === head && one.base.ref === base)
        .toSorted((a, b) => b.number - a.number)
        .map(asPullRequest);
    },
    async open(base) {
      const all = await list({ state: "open", base });
      return all.filter((one) => one.base.ref === base).map(asPullRequest);
    },
    get: (number) =>
      asked(async () => {
        const path = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
        const { data } = await client.request(path, { ...repository, pull_number: number });
        return asPullRequest(pullSchema.parse(data));
      }),
    commits: (number) =>
      asked(async () => {
        const path = "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits";
        const parameters = { ...repository, pull_number: number, per_page: pageSize };
        const all = z.array(commitSchema).parse(await client.paginate(path, parameters));
        return all.map(({ commit, parents }) => ({ message: commit.message, isMerge: parents.length > 1 }));
      }),
    files: (number) =>
      asked(async () => {
        const path = "GET /repos/{owner}/{repo}/pulls/{pull_number}/files";
        const { data } = await client.request(path, {
          ...repository,
          pull_number: number,
          per_page: pageSize,
        });
        return z
          .array(fileSchema)
          .parse(data)
          .map(({ filename }) => filename);
      }),
    // Who may review is known with the pull request only.
    checkReviewers: async () => {},
    async create(wanted) {
      const made = await createPull(client, repository, wanted, ask, about);
      if (typeof made === "string") return made;
      await decorate(client, repository, made.number, wanted, asked);
      return made;
    },
    update: (number, { title, body }) =>
      asked(async () => {
        const path = "PATCH /repos/{owner}/{repo}/pulls/{pull_number}";
        const { data } = await client.request(path, { ...repository, pull_number: number, title, body });
        return asPullRequest(pullSchema.parse(data));
      }),
    close: (number, { body }) =>
      asked(async () => {
        const path = "PATCH /repos/{owner}/{repo}/pulls/{pull_number}";
        await client.request(path, { ...repository, pull_number: number, state: "closed", body });
      }),
  };
}

async function createPull(
  client: GithubClient,
  repository: { readonly owner: string; readonly repo: string },
  { head, base, title, body }: NewPullRequest,
  ask: <T>(work: () => Promise<T>) => Promise<T>,
  about: CallPlace,
): Promise<PullRequest | NotMade> {
  try {
    return await ask(async () => {
      const path = "POST /repos/{owner}/{repo}/pulls";
      const { data } = await client.request(path, { ...repository, head, base, title, body });
      return asPullRequest(pullSchema.parse(data));
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // GitHub's words are part of no contract: who asks looks at the list again.
    if (/no commits between/i.test(error.message)) return "nothing to propose";
    if (/already exists/i.test(error.message)) return "exists";
    throw unexpected(error, about);
  }
}

/** Labels and reviewers, of a new pull request only: what people change there stays. */
async function decorate(
  client: GithubClient,
  repository: { readonly owner: string; readonly repo: string },
  number: number,
  { labels, reviewers }: NewPullRequest,
  ask: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  if (labels.length > 0) {
    const path = "POST /repos/{owner}/{repo}/issues/{issue_number}/labels";
    await ask(() => client.request(path, { ...repository, issue_number: number, labels: [...labels] }));
  }
  if (reviewers.length > 0) {
    const path = "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers";
    const teams = reviewers.filter((one) => one.includes("/")).map((one) => one.split("/").at(-1) ?? "");
    const users = reviewers.filter((one) => !one.includes("/"));
    await ask(() =>
      client.request(path, { ...repository, pull_number: number, reviewers: users, team_reviewers: teams }),
    );
  }
}

/**
 * The branch that a pull request comes from. Where it is deleted, Gitea names `refs/pull/7/head` as its ref, and the
 * branch in the label: https://github.com/go-gitea/gitea/blob/v1.26.0/services/convert/pull.go
 */
function branchOf({ head: { ref, label } }: Pull): string {
  return ref.startsWith("refs/pull/") ? (label ?? ref).replace(/^[^:]*:/, "") : ref;
}

function asPullRequest(pull: Pull): PullRequest {
  const { number, html_url: url, state, merged_at, merge_commit_sha, title, body } = pull;
  const isMerged = merged_at !== null && merged_at !== undefined;
  return {
    number,
    url,
    state: isMerged ? "merged" : state === "open" ? "open" : "closed",
    title,
    body: body ?? "",
    head: branchOf(pull),
    // While it is open, this is a commit that GitHub made to try the merge.
    mergeCommit: isMerged ? (merge_commit_sha ?? undefined) : undefined,
  };
}

/**
 * What GitHub answered, of an error of its client.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function refusalOf(error: unknown): Refusal | undefined {
  const refusal = refusalOfClient(error);
  if (refusal === undefined) return undefined;
  const { status, message, headers } = refusal;
  const isEmpty = String(headers["x-ratelimit-remaining"] ?? "") === "0";
  const isLimit = status === 429 || (status === 403 && (isEmpty || /rate limit/i.test(message)));
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  const untilReset = isEmpty && Number.isFinite(reset) ? Math.max(1, reset - Date.now() / 1000) : undefined;
  return { status, message, isLimit, retryAfterSeconds: Number.isFinite(seconds) ? seconds : untilReset };
}
