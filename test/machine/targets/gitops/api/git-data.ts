import { spawnSync } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { git } from "../git-server.ts";

/** An answer in place of the one that git would give. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** GitHub's REST API for the Git data of one repository: real git makes the objects, so that their ids are real. */
export interface GitDataServer {
  readonly url: string;
  /** `POST /repos/acme/deploy/git/trees` and what was sent. */
  readonly calls: { readonly call: string; readonly sent: Sent }[];
  /** Whether commits are signed, as GitHub signs those of an App. */
  signs: boolean;
  /** Asked before a call is carried out: an answer instead, or `cut` to carry it out and lose its answer. */
  before: (call: string) => Answer | "cut" | undefined;
  /** Address of the server that has the pull requests. */
  pulls: string | undefined;
  close(): void;
}

/** What the calls send; the fields of each are in GitHub's reference. */
interface Sent {
  readonly base_tree?: string;
  readonly tree?: string | readonly { path: string; mode: string; content: string }[];
  readonly parents?: readonly string[];
  readonly message?: string;
  readonly author?: unknown;
  readonly committer?: unknown;
  readonly ref?: string;
  readonly sha?: string;
  readonly force?: boolean;
}

/** Runs git in the bare repository with an index or text of its own. */
function run(bare: string, args: readonly string[], input: string, more: object = {}): string {
  const identity = {
    GIT_AUTHOR_NAME: "deployer[bot]",
    GIT_AUTHOR_EMAIL: "1+deployer[bot]@users.noreply.github.com",
    GIT_COMMITTER_NAME: "GitHub",
    GIT_COMMITTER_EMAIL: "noreply@github.com",
  };
  const env = { ...process.env, ...identity, ...more };
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: bare, input, env, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** @param bare the repository's folder */
export async function serveGitData(bare: string, token: string): Promise<GitDataServer> {
  const refusal = (status: number, message: string): Answer => ({
    status,
    body: { message, status: String(status) },
  });
  const commitAt = (ref: string) => git(bare, "for-each-ref", "--format=%(objectname)", `refs/${ref}`).trim();

  /** https://docs.github.com/en/rest/git/trees#create-a-tree */
  function makeTree({ base_tree = "", tree = [] }: Sent): Answer {
    const own = { GIT_INDEX_FILE: `${bare}/index-${process.hrtime.bigint()}` };
    run(bare, ["read-tree", base_tree], "", own);
    for (const { path, mode, content } of typeof tree === "string" ? [] : tree) {
      const blob = run(bare, ["hash-object", "-w", "--stdin"], content);
      run(bare, ["update-index", "--add", "--cacheinfo", `${mode},${blob},${path}`], "", own);
    }
    return { status: 201, body: { sha: run(bare, ["write-tree"], "", own) } };
  }

  /** https://docs.github.com/en/rest/git/commits#create-a-commit */
  function makeCommit({ tree, parents = [], message = "" }: Sent): Answer {
    const args = ["commit-tree", ...parents.flatMap((one) => ["-p", one]), "-F", "-", String(tree)];
    const sha = run(bare, args, message);
    const verification = { verified: own.signs, reason: own.signs ? "valid" : "unsigned" };
    return { status: 201, body: { sha, verification } };
  }

  /** https://docs.github.com/en/rest/git/refs */
  function refs(method: string, name: string, { ref = "", sha = "", force }: Sent): Answer {
    if (method === "POST") {
      if (commitAt(ref.replace("refs/", "")) !== "") return refusal(422, "Reference already exists");
      git(bare, "update-ref", ref, sha);
      return { status: 201, body: { ref } };
    }
    const now = commitAt(name);
    if (now === "") return refusal(method === "GET" ? 404 : 422, "Reference does not exist");
    if (method === "GET") return { status: 200, body: { ref: `refs/${name}`, object: { sha: now } } };
    if (force !== true && spawnSync("git", ["merge-base", "--is-ancestor", now, sha], { cwd: bare }).status) {
      return refusal(422, "Update is not a fast forward");
    }
    git(bare, "update-ref", `refs/${name}`, sha);
    return { status: 200, body: { ref: `refs/${name}` } };
  }

  async function answerTo(request: IncomingMessage, sent: Sent): Promise<Answer> {
    const { method = "", url: path = "", headers } = request;
    if (own.pulls !== undefined && !path.includes("/git/")) {
      const body = method === "GET" ? {} : { body: JSON.stringify(sent) };
      const authorization = headers.authorization ?? "";
      const answer = await fetch(`${own.pulls}${path}`, { method, headers: { authorization }, ...body });
      return { status: answer.status, body: await answer.json() };
    }
    const [, what = "", name = ""] = /^\/repos\/acme\/deploy\/git\/(\w+)(?:\/(.*))?$/.exec(path) ?? [];
    if (what === "trees") return makeTree(sent);
    if (what === "commits") return makeCommit(sent);
    if (what === "refs" || what === "ref") return refs(method, decodeURIComponent(name), sent);
    return refusal(404, "Not Found");
  }

  const server = createServer(async (request, response) => {
    const { method = "", url = "" } = request;
    const call = `${method} ${decodeURIComponent(url)}`;
    const sent = await bodyOf(request);
    own.calls.push({ call, sent });
    const instead = own.before(call);
    const isKnown = request.headers.authorization === `token ${token}`;
    const { status, body } = !isKnown
      ? refusal(401, "Bad credentials")
      : typeof instead === "object"
        ? instead
        : await answerTo(request, sent);
    if (instead === "cut") request.socket.destroy();
    else response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own: GitDataServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    signs: true,
    before: () => undefined,
    pulls: undefined,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return own;
}

async function bodyOf(request: IncomingMessage): Promise<Sent> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? {} : (JSON.parse(text) as Sent);
}
