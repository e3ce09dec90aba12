import { z } from "zod";
import { UserError } from "../../../../config/problems/errors.ts";
import { type CallPlace, call, callPlain, type Refusal, Refused, unexpected } from "./call.ts";
import type { Forge, NewPullRequest, NotMade, PullRequest } from "./forge.ts";

const pageSize = 100;
const requestMilliseconds = 15_000;

/** https://docs.gitlab.com/api/merge_requests/ */
const requestSchema = z.object({
  iid: z.int(),
  web_url: z.string(),
  state: z.string(),
  title: z.string(),
  description: z.string().nullish(),
  source_branch: z.string(),
  target_branch: z.string(),
  sha: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  squash_commit_sha: z.string().nullish(),
});
type MergeRequest = z.output<typeof requestSchema>;

const commitSchema = z.object({
  title: z.string().default(""),
  message: z.string(),
  parent_ids: z.array(z.string()).nullish(),
});

const diffSchema = z.object({ new_path: z.string() });
/** https://docs.gitlab.com/api/users/#list-users */
const userSchema = z.object({ id: z.int(), username: z.string() });

/** An answer that is not a success. */
class Unsuccessful extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.status}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** Merge requests of GitLab, by its REST API. */
export async function openGitlab(
  place: { readonly api: string; readonly project: string; readonly tokenEnvironment: string },
  token: string,
  signal: AbortSignal,
  pause?: number,
): Promise<Forge> {
  const about: CallPlace = {
    ...place,
    name: "GitLab",
    scopes: "the scope api, as a Developer of the project or above",
  };
  const base = `/projects/${encodeURIComponent(place.project)}/merge_requests`;
  const request = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${place.api}${path}`, {
      method,
      headers: {
        "private-token": token,
        "user-agent": "slipway",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestMilliseconds)]),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Unsuccessful(refusalOf(answer, text));
    const value: unknown = text === "" ? undefined : JSON.parse(text);
    return { value, next: answer.headers.get("x-next-page") ?? "" };
  };
  const refusal = (error: unknown) => (error instanceof Unsuccessful ? error.refusal : undefined);
  const ask = <T>(work: () => Promise<T>) => call(work, refusal, about, signal, pause);
  const asked = <T>(work: () => Promise<T>) => callPlain(work, refusal, about, signal, pause);
  /** All pages of a list. https://docs.gitlab.com/api/rest/#offset-based-pagination */
  const all = async <T>(schema: z.ZodType<T>, path: string, query: Readonly<Record<string, string>>) => {
    const found: T[] = [];
    for (let page = "1"; page !== ""; ) {
      const parameters = new URLSearchParams({ ...query, per_page: String(pageSize), page });
      const { value, next } = await asked(() => request("GET", `${path}?${parameters}`));
      found.push(...z.array(schema).parse(value));
      page = next;
    }
    return found;
  };
  const one = (method: string, number: number, body?: object) =>
    asked(async () => {
      const { value } = await request(method, `${base}/${number}`, body);
      return asPullRequest(requestSchema.parse(value));
    });
  /** The ids of users, who have to be asked for by name. */
  const idsOf = (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        const found = await all(userSchema, "/users", { username: name });
        const user = found.find(({ username }) => username.toLowerCase() === name.toLowerCase());
        if (user === undefined) throw unknownReviewer(place.project, name);
        return user.id;
      }),
    );
  return {
    name: "GitLab",
    noun: "merge request",
    between: async (head, target) => {
      const query = { source_branch: head, target_branch: target, order_by: "created_at", sort: "desc" };
      return (await all(requestSchema, base, { ...query, state: "all" })).map(asPullRequest);
    },
    open: async (target) =>
      (await all(requestSchema, base, { target_branch: target, state: "opened" })).map(asPullRequest),
    get: (number) => one("GET", number),
    commits: async (number) => {
      const found = await all(commitSchema, `${base}/${number}/commits`, {});
      // GitLab leaves the parents out of this list in some versions.
      return found.map(({ title, message, parent_ids: parents }) => ({
        message,
        isMerge: (parents?.length ?? 0) > 1 || /^Merge branch /.test(title),
      }));
    },
    files: (number) =>
      asked(async () => {
        const { value } = await request("GET", `${base}/${number}/diffs?per_page=${pageSize}`);
        return z
          .array(diffSchema)
          .parse(value)
          .map(({ new_path: path }) => path);
      }),
    checkReviewers: async (names) => void (await idsOf(names)),
    create: async (wanted) =>
      createRequest(wanted, await idsOf(wanted.reviewers), ask, (body) => request("POST", base, body), about),
    update: (number, { title, body }) => one("PUT", number, { title, description: body }),
    close: async (number, { body }) => {
      await one("PUT", number, { state_event: "close", description: body });
    },
  };
}

async function createRequest(
  { head, base, title, body, labels }: NewPullRequest,
  reviewers: readonly number[],
  ask: <T>(work: () => Promise<T>) => Promise<T>,
  post: (body: object) => Promise<{ readonly value: unknown }>,
  about: CallPlace,
): Promise<PullRequest | NotMade> {
  try {
    return await ask(async () => {
      const { value } = await post({
        source_branch: head,
        target_branch: base,
        title,
        description: body,
        ...(labels.length === 0 ? {} : { labels: labels.join(",") }),
        ...(reviewers.length === 0 ? {} : { reviewer_ids: reviewers }),
        remove_source_branch: true,
      });
      return asPullRequest(requestSchema.parse(value));
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // 409: "Another open merge request already exists for this source branch: !7"
    if (error.refusal.status === 409 || /already exists/i.test(error.message)) return "exists";
    throw unexpected(error, about);
  }
}

function unknownReviewer(project: string, name: string): UserError {
  return new UserError(
    {
      code: "forge-refused",
      where: project,
      key: "pullRequest.reviewers",
      value: name,
      message: "GitLab knows no user of this name",
      fix: "write the username as in the address of the user's page, without @",
    },
    { exitCode: 1 },
  );
}

function asPullRequest(request: MergeRequest): PullRequest {
  const { iid, web_url: url, state, title, description, source_branch: head } = request;
  const isMerged = state === "merged";
  return {
    number: iid,
    url,
    // `locked` is the moment of a merge.
    state: isMerged ? "merged" : state === "closed" ? "closed" : "open",
    title,
    body: description ?? "",
    head,
    // A fast-forward has neither: the branch is at the commit that was proposed.
    mergeCommit: isMerged
      ? (request.merge_commit_sha ?? request.squash_commit_sha ?? request.sha ?? undefined)
      : undefined,
  };
}

const problemSchema = z.object({
  message: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
  error: z.string().optional(),
});

/** https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/ */
function refusalOf({ status, headers }: Response, text: string): Refusal {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return {
    status,
    message: wordsOf(text),
    isLimit: status === 429,
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
  };
}

function wordsOf(text: string): string {
  try {
    const { message, error } = problemSchema.parse(JSON.parse(text));
    const words = typeof message === "object" ? Object.values(message).flat().join("; ") : message;
    return words ?? error ?? "";
  } catch {
    // Not JSON: the page of a proxy says nothing that helps.
    return "";
  }
}
