import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  commentMarker,
  findPullRequest,
  type PullRequest,
  writeComment,
} from "../../../runner/github/pull-request.ts";

interface Comment {
  readonly id: number;
  body: string;
}

/** GitHub's API for the comments of one pull request, as far as it is used here. */
interface FakeGithub {
  readonly comments: Comment[];
  readonly calls: string[];
  readonly server: Server;
  refusal: { status: number; message: string } | undefined;
}

async function bodyOf(request: IncomingMessage): Promise<{ body?: string }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? {} : (JSON.parse(text) as { body?: string });
}

function fakeGithub(): FakeGithub {
  const fake: FakeGithub = {
    comments: [],
    calls: [],
    refusal: undefined,
    server: createServer(async (request, response) => {
      const { method = "", url = "" } = request;
      const { body = "" } = await bodyOf(request);
      const answer = (status: number, value: unknown) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(value));
      };
      fake.calls.push(`${method} ${url}`);
      if (request.headers.authorization !== "token a-token")
        return answer(401, { message: "Bad credentials" });
      if (fake.refusal !== undefined) return answer(fake.refusal.status, { message: fake.refusal.message });
      const { pathname, searchParams } = new URL(url, "http://localhost");
      if (method === "PATCH") {
        const id = Number(pathname.split("/").at(-1));
        const found = fake.comments.find((comment) => comment.id === id);
        if (found === undefined) return answer(404, { message: "Not Found" });
        found.body = body;
        return answer(200, found);
      }
      if (pathname !== "/repos/octo-org/octo-repo/issues/12/comments")
        return answer(404, { message: "Not Found" });
      if (method === "POST") {
        const made = { id: fake.comments.length + 1, body };
        fake.comments.push(made);
        return answer(201, made);
      }
      const size = Number(searchParams.get("per_page"));
      const page = Number(searchParams.get("page") ?? "1");
      // GitHub names the next page in a header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
      if (page * size < fake.comments.length) {
        const next = `http://${request.headers.host}${pathname}?per_page=${size}&page=${page + 1}`;
        response.setHeader("link", `<${next}>; rel="next"`);
      }
      answer(200, fake.comments.slice((page - 1) * size, page * size));
    }),
  };
  return fake;
}

let github: FakeGithub;
let pullRequest: PullRequest;
beforeEach(async () => {
  github = fakeGithub();
  await new Promise<void>((resolve) => github.server.listen(0, "127.0.0.1", resolve));
  const { port } = github.server.address() as AddressInfo;
  pullRequest = {
    api: `http://127.0.0.1:${port}`,
    repository: "octo-org/octo-repo",
    number: 12,
    token: "a-token",
  };
});
afterEach(() => new Promise((resolve) => github.server.close(resolve)));

const write = (stack: string, text: string) =>
  writeComment(pullRequest, stack, text, AbortSignal.timeout(60_000));

describe("the comment on a pull request", () => {
  test("is made once for a stack, and updated in place", async () => {
    expect(await write("dev", "first")).toBe("made");
    expect(await write("dev", "second")).toBe("updated");
    expect(await write("dev", "second")).toBe("unchanged");
    expect(github.comments.map(({ body }) => body)).toEqual(["<!-- slipway:dev -->\nsecond"]);
  });

  test("of one stack leaves that of another, and everybody else's, alone", async () => {
    github.comments.push({ id: 1, body: `I wonder what ${commentMarker("dev")} is` });
    await write("dev", "for dev");
    await write("dev-2", "for dev-2");
    await write("dev", "for dev again");
    expect(github.comments.map(({ body }) => body)).toEqual([
      "I wonder what <!-- slipway:dev --> is",
      "<!-- slipway:dev -->\nfor dev again",
      "<!-- slipway:dev-2 -->\nfor dev-2",
    ]);
  });

  test("on one topic stands beside the stack's own", async () => {
    await write("dev", "a plan");
    await writeComment(pullRequest, "dev", "a scan", AbortSignal.timeout(60_000), "scan");
    await write("dev", "another plan");
    expect(github.comments.map(({ body }) => body)).toEqual([
      "<!-- slipway:dev -->\nanother plan",
      "<!-- slipway:dev:scan -->\na scan",
    ]);
  });

  test("is found among hundreds", async () => {
    for (let id = 1; id <= 250; id++) github.comments.push({ id, body: `comment ${id}` });
    github.comments.push({ id: 251, body: "<!-- slipway:dev -->\nold" });
    expect(await write("dev", "new")).toBe("updated");
    expect(github.comments).toHaveLength(251);
    expect(github.calls).toHaveLength(4);
  });

  test("is cut to what GitHub takes", async () => {
    await write("dev", "x".repeat(70_000));
    expect(github.comments[0]?.body.length).toBe(65_536);
    expect(github.comments[0]?.body).toContain("Truncated at GitHub's size limit");
  });

  test("that GitHub refuses says what it answered", async () => {
    github.refusal = { status: 403, message: "Resource not accessible by integration" };
    await expect(write("dev", "x")).rejects.toThrow(
      /GitHub answered 403 \(Resource not accessible by integration\) to GET/,
    );
  });
});

describe("the pull request of a job", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-event-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const environment = { GITHUB_REPOSITORY: "octo-org/octo-repo", GITHUB_TOKEN: "a-token" };

  test("is named by the event, or by the ref that is built", async () => {
    const event = join(folder, "event.json");
    await writeFile(event, JSON.stringify({ pull_request: { number: 12 } }));
    expect(await findPullRequest({ ...environment, GITHUB_EVENT_PATH: event })).toMatchObject({
      number: 12,
      api: "https://api.github.com",
    });
    const api = "https://github.example/api/v3/";
    const found = await findPullRequest({
      ...environment,
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_API_URL: api,
    });
    expect(found).toMatchObject({ number: 7, api: "https://github.example/api/v3" });
  });

  test("is not there for a push, without a token, or elsewhere", async () => {
    expect(await findPullRequest({ ...environment, GITHUB_REF: "refs/heads/main" })).toMatch(
      /not run for a pull request/,
    );
    expect(await findPullRequest({})).toMatch(/not a GitHub Actions job/);
    expect(
      await findPullRequest({ ...environment, GITHUB_TOKEN: "", GITHUB_REF: "refs/pull/7/merge" }),
    ).toMatch(/GITHUB_TOKEN/);
  });
});
