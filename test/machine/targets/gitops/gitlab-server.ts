import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { git } from "./git-server.ts";

/** A merge request as GitLab's API has it. https://docs.gitlab.com/api/merge_requests/ */
export interface MergeRequest {
  readonly iid: number;
  readonly web_url: string;
  state: "opened" | "closed" | "merged" | "locked";
  title: string;
  description: string | null;
  readonly source_branch: string;
  readonly target_branch: string;
  sha: string;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  labels: string[];
  /** Ids of users. */
  reviewers: readonly number[];
}

/** GitLab's REST API for the merge requests of one project, over a real bare repository. */
export interface GitlabServer {
  /** With `/api/v4`. */
  readonly url: string;
  readonly requests: MergeRequest[];
  readonly calls: string[];
  /** Username → id. */
  readonly users: Readonly<Record<string, number>>;
  /** Answers in place of the next ones. */
  readonly ordered: {
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: Record<string, string>;
  }[];
  close(): void;
}

/** @param bare the repository's folder */
export async function serveGitlab(bare: string, project: string, token: string): Promise<GitlabServer> {
  const requests: MergeRequest[] = [];
  const calls: string[] = [];
  const ordered: GitlabServer["ordered"] = [];
  const root = `/api/v4/projects/${encodeURIComponent(project)}/merge_requests`;

  const users = { ann: 11, Bob: 12 };

  function create({ reviewer_ids: reviewers, ...sent }: Record<string, string>) {
    const { source_branch = "", target_branch = "", title = "", description = "", labels = "" } = sent;
    const there = requests.find((one) => one.source_branch === source_branch && one.state === "opened");
    if (there !== undefined) {
      const message = `Another open merge request already exists for this source branch: !${there.iid}`;
      return { status: 409, body: { message: [message] } };
    }
    const request: MergeRequest = {
      iid: requests.length + 7,
      web_url: `https://gitlab.com/${project}/-/merge_requests/${requests.length + 7}`,
      state: "opened",
      title,
      description,
      source_branch,
      target_branch,
      sha: git(bare, "rev-parse", source_branch).trim(),
      merge_commit_sha: null,
      squash_commit_sha: null,
      labels: labels === "" ? [] : labels.split(","),
      reviewers: (reviewers ?? []) as unknown as readonly number[],
    };
    requests.push(request);
    return { status: 201, body: request };
  }

  function answerTo(method: string, url: URL, sent: Record<string, string>, response: ServerResponse) {
    if (url.pathname === "/api/v4/users") {
      // https://docs.gitlab.com/api/users/#list-users: the username is looked up in any case.
      const asked = url.searchParams.get("username")?.toLowerCase();
      const found = Object.entries(users).filter(([username]) => username.toLowerCase() === asked);
      response.setHeader("x-next-page", "");
      return { status: 200, body: found.map(([username, id]) => ({ id, username, state: "active" })) };
    }
    if (!url.pathname.startsWith(root)) return { status: 404, body: { message: "404 Project Not Found" } };
    const rest = url.pathname.slice(root.length + 1);
    if (rest === "" && method === "POST") return create(sent);
    if (rest === "") {
      const {
        state,
        source_branch,
        target_branch,
        per_page = "20",
        page = "1",
      } = Object.fromEntries(url.searchParams);
      const all = requests
        .filter((one) => state === "all" || one.state === state)
        .filter((one) => source_branch === undefined || one.source_branch === source_branch)
        .filter((one) => target_branch === undefined || one.target_branch === target_branch)
        .toReversed();
      const [size, at] = [Number(per_page), Number(page)];
      response.setHeader("x-next-page", at * size < all.length ? String(at + 1) : "");
      return { status: 200, body: all.slice((at - 1) * size, at * size) };
    }
    const request = requests.find(({ iid }) => iid === Number.parseInt(rest, 10));
    if (request === undefined) return { status: 404, body: { message: "404 Not found" } };
    if (rest.includes("/diffs")) {
      const range = `${request.target_branch}...${request.source_branch}`;
      const changed = git(bare, "diff", "--name-only", range).trim().split("\n");
      return { status: 200, body: changed.map((path) => ({ old_path: path, new_path: path, diff: "" })) };
    }
    if (rest.endsWith("/commits")) {
      const range = `${request.target_branch}..${request.source_branch}`;
      const ids = git(bare, "rev-list", range).trim().split("\n");
      const body = ids.map((id) => ({
        id,
        title: git(bare, "show", "-s", "--format=%s", id).trim(),
        message: git(bare, "show", "-s", "--format=%B", id),
        parent_ids: [],
      }));
      return { status: 200, body };
    }
    const { state_event: event, ...others } = sent;
    Object.assign(request, others, event === "close" ? { state: "closed" } : {});
    return { status: 200, body: request };
  }

  const server = createServer(async (request, response) => {
    const { method = "", url: path = "" } = request;
    calls.push(`${method} ${path}`);
    const sent = await bodyOf(request);
    const order = ordered.shift();
    const known = request.headers["private-token"] === token;
    const { status, body } =
      order ??
      (known
        ? answerTo(method, new URL(path, "http://localhost"), sent, response)
        : { status: 401, body: { message: "401 Unauthorized" } });
    response.writeHead(status, { "content-type": "application/json", ...order?.headers });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`,
    requests,
    calls,
    users,
    ordered,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? {} : (JSON.parse(text) as Record<string, string>);
}
