import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const node = join(root, "node_modules/.bin/node");
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-job-"));
  await mkdir(join(folder, "app"));
  await writeFile(join(folder, "app/Pulumi.yaml"), "name: app\nruntime: nodejs\n");
  await writeFile(join(folder, "app/Pulumi.dev.yaml"), "config:\n  aws:region: eu-west-1\n");
  await writeFile(join(folder, "app/services.yaml"), "services:\n  ui:\n    context: nowhere\n");
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the command as a job of GitHub Actions does, in a checkout with the project in a folder. */
function inJob(args: readonly string[], environment: Record<string, string> = {}) {
  return execa(node, [join(root, "runner/cli.ts"), ...args, "-C", join(folder, "app")], {
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      XDG_CACHE_HOME: join(root, ".slipway/cache"),
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: folder,
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      GITHUB_OUTPUT: join(folder, "output"),
      ...environment,
    },
  });
}

test("a job shows a refusal at its file and line, in its summary, and hands on the outcome", async () => {
  const { exitCode, stderr } = await inJob(["plan", "--stack", "dev"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("::error file=app/services.yaml,line=3,title=slipway%3A missing-context::");
  expect(await readFile(join(folder, "summary"), "utf8")).toMatch(
    /^## ❌ slipway plan: invalid\n[\s\S]*does not exist/,
  );
  expect(await readFile(join(folder, "output"), "utf8")).toMatch(/^outcome<<(slipway-\S+)\ninvalid\n\1\n$/);
});

test("a comment that can't be written is a warning, and changes nothing about the outcome", async () => {
  const { exitCode, stderr } = await inJob(["plan", "--stack", "dev", "--comment"], {
    GITHUB_REPOSITORY: "octo-org/octo-repo",
    GITHUB_REF: "refs/pull/12/merge",
    GITHUB_TOKEN: "a-token",
    GITHUB_API_URL: "http://127.0.0.1:9",
  });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    "::warning title=slipway%3A no-comment::could not write the comment on the pull request",
  );
});

test("a comment says what went wrong, too", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      if (request.method === "POST") bodies.push((JSON.parse(text) as { body: string }).body);
      response.setHeader("content-type", "application/json");
      response.end(request.method === "POST" ? "{}" : "[]");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { exitCode } = await inJob(["plan", "--stack", "dev", "--comment"], {
    GITHUB_REPOSITORY: "octo-org/octo-repo",
    GITHUB_REF: "refs/pull/12/merge",
    GITHUB_TOKEN: "a-token",
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  server.close();
  expect(exitCode).toBe(2);
  expect(bodies).toEqual([expect.stringMatching(/^<!-- slipway:dev -->\n## ❌ slipway plan: invalid/)]);
});

test("elsewhere nothing of it happens", async () => {
  const { stderr } = await inJob(["plan", "--stack", "dev"], { GITHUB_ACTIONS: "" });
  expect(stderr).not.toContain("::error");
  await expect(readFile(join(folder, "summary"))).rejects.toThrow(/ENOENT/);
});
