import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { git } from "./git-server.ts";

/** A pull request as GitHub's API has it. https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request */
export interface Pull {
  readonly number: number;
  readonly html_url: string;
  state: "open" | "closed";
  merged_at: string | null;
  merge_commit_sha: string | null;
  title: string;
  body: string | null;
  readonly head: { readonly ref: string; readonly repo: { readonly full_name: string } };
  readonly base: { readonly ref: string };
  labels: string[];
  reviewers: unknown;
}

/** An answer that a test orders in place of the next one. */
export interface Ordered {
  readonly when?: (call: string) => boolean;
  /** 0: the connection is cut. */
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the call is carried out, though its answer is this one. */
  readonly isDone?: boolean;
}

/** GitHub's REST API for the pull requests of one repository, over a real bare repository. */
export interface GithubServer {
  readonly url: string;
  readonly pulls: Pull[];
  /** `POST /repos/acme/deploy/pulls` */
  readonly calls: string[];
  /** Taken one by one. */
  readonly ordered: Ordered[];
  /** Whether a second pull request of a branch is let in, as Gitea does for two in the same moment. */
  takesDoubles: boolean;
  /** Asked before each call is carried out, and after it, before its answer. */
  hold: ((call: string, moment: "before" | "after") => Promise<void>) | undefined;
  /** Merges a pull request as its page does. */
  merge(number: number, way?: "merge" | "squash"): string;
  close(): void;
}

const project = "acme/deploy";
const documentation = "https://docs.github.com/rest/pulls/pulls#create-a-pull-request";

/** @param bare the repository's folder */
export async function serveGithub(bare: string, token: string): Promise<GithubServer> {
  const pulls: Pull[] = [];
  const calls: string[] = [];
  const ordered: Ordered[] = [];
  const has = (ref: string) => git(bare, "for-each-ref", `refs/heads/${ref}`) !== "";
  const unprocessable = (...messages: readonly string[]) => ({
    status: 422,
    body: {
      message: "Validation Failed",
      errors: messages.map((message) => ({ resource: "PullRequest", code: "custom", message })),
      documentation_url: documentation,
      status: "422",
    },
  });

  function create({ head = "", base = "", title = "", body = "" }: Record<string, string>) {
    if (!has(head)) return unprocessable("head is invalid");
    const isDouble = (one: Pull) => one.state === "open" && one.head.ref === head && one.base.ref === base;
    if (!own.takesDoubles && pulls.some(isDouble)) {
      return unprocessable(`A pull request already exists for acme:${head}.`);
    }
    if (git(bare, "rev-list", "--count", `${base}..${head}`).trim() === "0") {
      return unprocessable(`No commits between ${base} and ${head}`);
    }
    const number = pulls.length + 7;
    const pull: Pull = {
      number,
      html_url: `https://github.com/${project}/pull/${number}`,
      state: "open",
      merged_at: null,
      merge_commit_sha: git(bare, "rev-parse", head).trim(),
      title,
      // GitHub keeps the line ends of a form.
      body: body.replaceAll("\n", "\r\n"),
      head: { ref: head, repo: { full_name: project } },
      base: { ref: base },
      labels: [],
      reviewers: undefined,
    };
    pulls.push(pull);
    return { status: 201, body: pull };
  }

  function answerTo(method: string, url: URL, sent: Record<string, never>, response: ServerResponse) {
    const [, repository, what = "", rest = ""] =
      /^\/repos\/([^/]+\/[^/]+)\/(pulls|issues)(?:\/(.*))?$/.exec(url.pathname) ?? [];
    if (repository !== project) return { status: 404, body: { message: "Not Found", status: "404" } };
    const number = Number.parseInt(rest, 10);
    const pull = pulls.find((one) => one.number === number);
    if (what === "pulls" && rest === "" && method === "POST") return create(sent);
    if (what === "pulls" && rest === "") {
      const {
        state = "open",
        head,
        base,
        per_page = "30",
        page = "1",
      } = Object.fromEntries(url.searchParams);
      const all = pulls
        .filter((one) => state === "all" || one.state === state)
        .filter((one) => head === undefined || `acme:${one.head.ref}` === head)
        .filter((one) => base === undefined || one.base.ref === base)
        .toReversed();
      return { status: 200, body: paged(all, Number(per_page), Number(page), url, response) };
    }
    if (pull === undefined) return { status: 404, body: { message: "Not Found", status: "404" } };
    if (rest.endsWith("/commits")) {
      const range = `${pull.base.ref}..${pull.head.ref}`;
      const ids = git(bare, "rev-list", "--reverse", range)
        .trim()
        .split("\n")
        .filter((id) => id !== "");
      const all = ids.map((sha) => ({
        sha,
        commit: { message: git(bare, "show", "-s", "--format=%B", sha) },
        parents: git(bare, "show", "-s", "--format=%P", sha)
          .trim()
          .split(" ")
          .map((parent) => ({ sha: parent })),
      }));
      const { per_page = "30", page = "1" } = Object.fromEntries(url.searchParams);
      return { status: 200, body: paged(all, Number(per_page), Number(page), url, response) };
    }
    if (rest.endsWith("/files")) {
      const range = `${pull.base.ref}...${pull.head.ref}`;
      const changed = git(bare, "diff", "--name-only", range).trim().split("\n");
      return { status: 200, body: changed.map((filename) => ({ filename, status: "modified" })) };
    }
    if (rest.endsWith("/labels")) pull.labels = (sent as { labels?: string[] }).labels ?? [];
    else if (rest.endsWith("/requested_reviewers")) pull.reviewers = sent;
    else if (method === "PATCH") Object.assign(pull, sent);
    return { status: method === "POST" ? 201 : 200, body: pull };
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url: path = "" } = request;
    const url = new URL(path, "http://localhost");
    const call = `${method} ${path}`;
    calls.push(call);
    const sent = await bodyOf(request);
    await own.hold?.(call, "before");
    const next = ordered.findIndex(({ when }) => when === undefined || when(call));
    const order = next === -1 ? undefined : ordered.splice(next, 1)[0];
    const isKnown = request.headers.authorization === `token ${token}`;
    const { status, body } =
      order !== undefined && order.isDone !== true
        ? { status: order.status, body: order.body }
        : isKnown
          ? answerTo(method, url, sent, response)
          : { status: 401, body: { message: "Bad credentials", status: "401" } };
    await own.hold?.(call, "after");
    if (order?.status === 0) {
      request.socket.destroy();
      return;
    }
    const headers = { "content-type": "application/json; charset=utf-8", ...order?.headers };
    response.writeHead(order?.status ?? status, headers).end(JSON.stringify(order?.body ?? body ?? {}));
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own: GithubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pulls,
    calls,
    ordered,
    takesDoubles: false,
    hold: undefined,
    merge(number, way = "merge") {
      const pull = pulls.find((one) => one.number === number);
      if (pull === undefined) throw new Error(`no pull request ${number}`);
      const tree = git(bare, "rev-parse", `${pull.head.ref}^{tree}`).trim();
      const parents = way === "merge" ? [pull.base.ref, pull.head.ref] : [pull.base.ref];
      const words = parents.flatMap((one) => ["-p", git(bare, "rev-parse", one).trim()]);
      const commit = git(bare, "commit-tree", ...words, "-m", pull.title, tree).trim();
      git(bare, "update-ref", `refs/heads/${pull.base.ref}`, commit);
      Object.assign(pull, { state: "closed", merged_at: "2026-11-25T10:00:00Z", merge_commit_sha: commit });
      return commit;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return own;
}

/** GitHub names the next page in a header. */
function paged<T>(
  all: readonly T[],
  size: number,
  page: number,
  url: URL,
  response: ServerResponse,
): readonly T[] {
  if (page * size < all.length) {
    const next = new URL(url);
    next.searchParams.set("page", String(page + 1));
    next.host = response.req.headers.host ?? "";
    response.setHeader("link", `<${next.href}>; rel="next"`);
  }
  return all.slice((page - 1) * size, page * size);
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, never>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? {} : (JSON.parse(text) as Record<string, never>);
}
