import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepReportIssue } from "../../../runner/commands/lifecycle/report-issue.ts";

interface Issue {
  readonly number: number;
  readonly html_url: string;
  title: string;
  body: string | null;
  state: string;
  readonly pull_request?: object;
}

let issues: Issue[];
let comments: string[];
let calls: string[];
let refusal: number | undefined;
let server: Server;
let environment: NodeJS.ProcessEnv;

const issue = (number: number, more: Partial<Issue> = {}): Issue => ({
  number,
  html_url: `https://github.com/octo-org/octo-repo/issues/${number}`,
  title: `issue ${number}`,
  body: null,
  state: "open",
  ...more,
});

beforeEach(async () => {
  issues = [issue(1), issue(2, { body: "<!-- slipway:lifecycle:prod -->\nnot ours", pull_request: {} })];
  comments = [];
  calls = [];
  refusal = undefined;
  // GitHub's API for issues, as far as it is used here: https://docs.github.com/en/rest/issues/issues
  server = createServer(async (request, response) => {
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const body = await text(request);
    const given = body === "" ? {} : (JSON.parse(body) as Partial<Issue>);
    calls.push(`${method} ${pathname}`);
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (refusal !== undefined) return answer(refusal, { message: "Resource not accessible by integration" });
    const [, number, part] =
      /^\/repos\/octo-org\/octo-repo\/issues(?:\/(\d+))?(\/comments)?$/.exec(pathname) ?? [];
    if (method === "GET") {
      const open = issues.filter(({ state }) => state === searchParams.get("state"));
      const [size, page] = [Number(searchParams.get("per_page")), Number(searchParams.get("page") ?? "1")];
      if (page * size < open.length) {
        const next = `http://${request.headers.host}${pathname}?state=open&per_page=${size}&page=${page + 1}`;
        response.setHeader("link", `<${next}>; rel="next"`);
      }
      return answer(200, open.slice((page - 1) * size, page * size));
    }
    if (method === "POST" && number === undefined) {
      const made = issue(issues.length + 1, given);
      issues.push(made);
      return answer(201, made);
    }
    const found = issues.find((one) => one.number === Number(number));
    if (found === undefined) return answer(404, { message: "Not Found" });
    if (part !== undefined) {
      comments.push(given.body ?? "");
      return answer(201, { id: comments.length, body: given.body });
    }
    Object.assign(found, given);
    return answer(200, found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  environment = {
    GITHUB_REPOSITORY: "octo-org/octo-repo",
    GITHUB_TOKEN: "a-token",
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const keep = (outcome: "concerns" | "nothing", markdown = "report") =>
  keepReportIssue({ stack: "prod", outcome }, markdown, environment, new AbortController().signal);

test("one issue is made, updated in place week after week, and closed with a comment when nothing is left", async () => {
  expect(await keep("concerns")).toMatchObject({ outcome: "made", number: 3 });
  expect(issues[2]?.body).toBe("<!-- slipway:lifecycle:prod -->\nreport");
  expect(await keep("concerns")).toMatchObject({ outcome: "unchanged", number: 3 });
  expect(await keep("concerns", "next week")).toMatchObject({ outcome: "updated", number: 3 });
  expect(issues).toHaveLength(3);
  expect(issues[2]?.body).toContain("next week");
  expect(await keep("nothing")).toMatchObject({ outcome: "closed", number: 3 });
  expect(issues[2]?.state).toBe("closed");
  expect(comments).toEqual(["There is nothing left to do."]);
  expect(await keep("nothing")).toEqual({ outcome: "none" });
  expect(await keep("concerns")).toMatchObject({ outcome: "made", number: 4 });
});

test("it is found among many, and neither a pull request nor another stack's issue is taken for it", async () => {
  for (let number = 3; number < 150; number++) issues.push(issue(number));
  issues.push(issue(150, { body: "<!-- slipway:lifecycle:dev -->\ndev's" }));
  issues.push(issue(151, { body: "<!-- slipway:lifecycle:prod -->\r\nlast week" }));
  expect(await keep("concerns")).toMatchObject({ outcome: "updated", number: 151 });
  expect(issues[1]?.body).toContain("not ours");
});

test("what GitHub refuses is told with its answer, and so is a job without a repository", async () => {
  refusal = 403;
  await expect(keep("concerns")).rejects.toThrow(/403 \(Resource not accessible by integration\)/);
  environment = {};
  await expect(keep("concerns")).rejects.toThrow("this is not a GitHub Actions job");
});
