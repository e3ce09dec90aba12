import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A real git server on loopback: git's own CGI program behind Node. */
export interface GitServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Folder of the bare repositories. */
  readonly root: string;
  /** Called before each request is handed to git; `cut` ends the connection instead. */
  before: (path: string, query: string) => unknown;
  /** Called when git has answered a request; `cut` ends the connection before the client sees it. */
  after: (path: string, query: string) => unknown;
  close(): void;
}

/** @param token the password that it asks for; undefined: none */
export async function serveGit(token?: string): Promise<GitServer> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-git-server-")));
  const children = new Set<ChildProcess>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const wanted = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
    if (token !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    if ((await own.before(url.pathname, url.search)) === "cut") {
      request.socket.destroy();
      return;
    }
    const header = (name: string) => String(request.headers[name] ?? "");
    const length = header("content-length");
    const cgi = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_CONFIG_COUNT: "2",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
        GIT_CONFIG_KEY_1: "http.receivepack",
        GIT_CONFIG_VALUE_1: "true",
        REMOTE_USER: "dev",
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: header("content-type"),
        GIT_PROTOCOL: header("git-protocol"),
        HTTP_CONTENT_ENCODING: header("content-encoding"),
        ...(length === "" ? {} : { CONTENT_LENGTH: length }),
      },
    });
    children.add(cgi);
    request.pipe(cgi.stdin);
    cgi.stdin.on("error", () => {});
    let head = Buffer.alloc(0);
    let isSent = false;
    const isPush = request.method === "POST" && url.pathname.endsWith("git-receive-pack");
    const held: Buffer[] = [];
    const take = (chunk: Buffer) => {
      if (isSent) {
        response.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      isSent = true;
      const headers = head
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]);
      const status = headers.find(([name]) => name === "Status")?.[1];
      const others = headers.filter(([name]) => name !== "Status");
      response.writeHead(
        status === undefined ? 200 : Number.parseInt(status, 10),
        Object.fromEntries(others),
      );
      response.write(head.subarray(end + 4));
    };
    // The answer to a push is kept back until all of it is there.
    cgi.stdout.on("data", (chunk: Buffer) => (isPush ? held.push(chunk) : take(chunk)));
    cgi.on("close", async () => {
      children.delete(cgi);
      if ((await own.after(url.pathname, url.search)) === "cut") {
        request.socket.destroy();
        return;
      }
      for (const chunk of held) take(chunk);
      response.end();
    });
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own: GitServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    root,
    before: () => {},
    after: () => {},
    close: () => {
      for (const child of children) child.kill();
      server.closeAllConnections();
      server.close();
    },
  };
  return own;
}

const identity = [
  "-c",
  "user.name=Somebody",
  "-c",
  "user.email=somebody@example.com",
  "-c",
  "commit.gpgSign=false",
];

/** Runs git in a folder, as somebody else. */
export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync("git", [...identity, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A bare repository on the server, with these files in one commit on main. */
export function makeRepository(root: string, name: string, files: Readonly<Record<string, string>>): string {
  const bare = join(root, name);
  git(root, "init", "--quiet", "--bare", "--initial-branch=main", bare);
  git(bare, "config", "uploadpack.allowFilter", "true");
  git(bare, "config", "uploadpack.allowReachableSHA1InWant", "true");
  commitFiles(bare, files, "first");
  return bare;
}

/** Commits files to a bare repository, as somebody else who has it cloned. */
export function commitFiles(bare: string, files: Readonly<Record<string, string>>, message: string): string {
  const work = mkdtempSync(join(tmpdir(), "slipway-git-work-"));
  git(work, "clone", "--quiet", bare, ".");
  git(work, "checkout", "--quiet", "-B", "main");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(work, dirname(path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "-m", message);
  git(work, "push", "--quiet", "origin", "main");
  return git(work, "rev-parse", "HEAD").trim();
}

/** The bytes of a file on a branch of a bare repository. */
export function fileOn(bare: string, path: string, branch = "main"): Buffer {
  return execFileSync("git", ["cat-file", "blob", `${branch}:${path}`], { cwd: bare });
}
