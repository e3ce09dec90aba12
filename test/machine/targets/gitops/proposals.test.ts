import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import { fakeContext, image, sha } from "../../../unit/targets/fakes.ts";
import { type ArgocdServer, serveArgocd } from "./argocd-server.ts";
import { commitFiles, type GitServer, makeRepository, serveGit } from "./git-server.ts";
import { type GithubServer, serveGithub } from "./github-server.ts";

// Several pull requests, and those that somebody waits for. What one is made of is tested in pull-request.test.ts.

const path = "dev/ui.yaml";
const other = "dev/cart.yaml";
const reference = (letter: string, name = "ui") => `localhost:5000/shop/${name}@${sha(letter)}`;
const manifest = (letter: string, name = "ui") => `image: ${reference(letter, name)} # ours\n`;

let server: GitServer;
let github: GithubServer;
let argocd: ArgocdServer | undefined;
let bare: string;
let count = 0;
beforeAll(async () => {
  server = await serveGit();
});
afterAll(() => server.close());
afterEach(() => {
  github.close();
  argocd?.close();
  argocd = undefined;
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  for (const who of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${who}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${who}_EMAIL`, "deployer@example.com");
  }
  vi.stubEnv("FORGE_TOKEN", "t0ken");
  vi.stubEnv("ARGOCD_AUTH_TOKEN", "t0ken-of-argocd");
  count += 1;
  bare = makeRepository(server.root, `${count}/acme/deploy.git`, {
    [path]: manifest("0"),
    [other]: manifest("0", "cart"),
  });
  github = await serveGithub(bare, "t0ken");
});

interface Changes {
  readonly service?: string;
  readonly stack?: string;
  readonly file?: string;
  readonly deliver?: "push" | "pull-request";
  readonly follow?: object;
}

function world({
  service = "ui",
  stack = "dev",
  file = path,
  deliver = "pull-request",
  follow,
}: Changes = {}) {
  const directory = mkdtempSync(join(tmpdir(), "slipway-proposals-"));
  const context = { ...fakeContext(), directory, release: { stack, commit: "a".repeat(40) } };
  const target = resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository: `${server.url}/${count}/acme/deploy.git`,
      files: [{ path: file, yaml: "image" }],
      deliver,
      ...(deliver === "push"
        ? {}
        : { pullRequest: { forge: "github", api: github.url, tokenEnvironment: "FORGE_TOKEN" } }),
      ...(follow === undefined ? {} : { follow }),
    }),
    service,
    (text) => text,
  );
  const deploy = async (letter = "1") => {
    const wanted = { ...image, service, repository: `shop/${service}`, digest: sha(letter) };
    const plan = gitopsKind.plan(service, target, await gitopsKind.inspect(target, context), wanted);
    const applied = await gitopsKind.apply(plan, wanted, context);
    return gitopsKind.follow(plan, applied, wanted, context);
  };
  const wait = () => gitopsKind.wait(service, target, "localhost:5000", context);
  const status = () => gitopsKind.status(service, target, context);
  return { context, target, deploy, wait, status };
}

describe("two open pull requests", () => {
  test("of one file are told of in the outcome of the second", async () => {
    expect((await world().deploy()).message).toBe(
      "proposed in pull request #7, not merged: https://github.com/acme/deploy/pull/7",
    );
    expect((await world({ stack: "prod" }).deploy("2")).message).toBe(
      `proposed in pull request #8, not merged: https://github.com/acme/deploy/pull/8; pull request #7 also changes ${path}: https://github.com/acme/deploy/pull/7`,
    );
  });

  test("of two files know nothing of each other", async () => {
    await world().deploy();
    expect((await world({ service: "cart", file: other }).deploy("2")).message).toBe(
      "proposed in pull request #8, not merged: https://github.com/acme/deploy/pull/8",
    );
  });

  test("are no reason to fail where the server does not say what others change", async () => {
    await world().deploy();
    github.ordered.push({ when: (call) => call.includes("/files"), status: 403, body: { message: "no" } });
    expect((await world({ stack: "prod" }).deploy("2")).message).toMatch(/\/pull\/8$/);
  });
});

test("two runs at once make one pull request, also on a server that lets two in", async () => {
  github.takesDoubles = true;
  let asked = 0;
  github.hold = async (call, moment) => {
    if (moment !== "before" || call !== "POST /repos/acme/deploy/pulls") return;
    asked += 1;
    await vi.waitFor(() => expect(asked).toBe(2), 10_000);
  };
  const ended = await Promise.all([world().deploy(), world().deploy()]);
  github.hold = undefined;
  for (const { message } of ended) expect(message).toMatch(/^proposed in pull request #7/);
  expect(github.pulls.map(({ number, state }) => [number, state])).toEqual([
    [7, "open"],
    [8, "closed"],
  ]);
  expect(github.pulls[1]?.body).toContain("another run opened #7 in the same moment".replace("#", "\\#"));
  // What a run has closed itself does not hide that a person has closed the other.
  Object.assign(github.pulls[0] ?? {}, { state: "closed" });
  await expect(world().deploy()).rejects.toMatchObject({ problems: [{ code: "pull-request-closed" }] });
});

test("a branch that was made before the image moved on does not propose the image of then", async () => {
  await world({ service: "cart", file: other }).deploy();
  await world().deploy();
  // The branch of cart has ui at 0, as main had when it was made.
  commitFiles(bare, { [path]: manifest("5") }, "ui moved on");
  const { message } = await world().status();
  expect(message).toContain("pull request #8 proposes sha256:111111111111");
  expect(message).not.toContain("#7");
});

describe("slipway wait", () => {
  const isAsked = (number: number) =>
    vi.waitFor(() => expect(github.calls).toContain(`GET /repos/acme/deploy/pulls/${number}`), 10_000);

  test("ends with nothing in progress where no pull request is open", async () => {
    expect(await world().wait()).toBeUndefined();
  });

  test("follows an open pull request to its merge, whoever made it", async () => {
    await world().deploy();
    const waited = world().wait();
    await isAsked(7);
    const commit = github.merge(7, "squash");
    expect(await waited).toMatchObject({
      outcome: "done",
      message: `committed ${commit.slice(0, 10)} to main; nothing was proven`,
      running: reference("1"),
      details: { pullRequest: 7, commit },
    });
  });

  test("fails when a person closes it, and says so", async () => {
    await world().deploy();
    const waited = world().wait();
    await isAsked(7);
    Object.assign(github.pulls[0] ?? {}, { state: "closed" });
    expect(await waited).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("#7 was closed without a merge"),
    });
  });

  test("goes on with Argo CD after the merge, until the image runs", async () => {
    const repository = `${server.url}/${count}/acme/deploy.git`;
    argocd = await serveArgocd({ bare, repository, path }, "t0ken-of-argocd");
    const follow = { argocd: { application: "ui-dev", server: argocd.url, timeoutSeconds: 60 } };
    await world({ follow }).deploy();
    const waited = world({ follow }).wait();
    await isAsked(7);
    const commit = github.merge(7);
    expect(await waited).toMatchObject({
      outcome: "done",
      message: expect.stringMatching(new RegExp(`^Synced to ${commit.slice(0, 10)}, Healthy, runs `)),
      running: reference("1"),
    });
  });

  test("follows a commit that somebody has pushed through Argo CD, and what runs is no deployment", async () => {
    const repository = `${server.url}/${count}/acme/deploy.git`;
    argocd = await serveArgocd({ bare, repository, path }, "t0ken-of-argocd");
    const follow = { argocd: { application: "ui-dev", server: argocd.url, timeoutSeconds: 60 } };
    const commit = commitFiles(bare, { [path]: manifest("4") }, "by hand");
    expect(await world({ follow, deliver: "push" }).wait()).toMatchObject({
      outcome: "done",
      message: expect.stringContaining(`Synced to ${commit.slice(0, 10)}, Healthy, runs `),
      running: reference("4"),
    });
    expect(await world({ follow, deliver: "push" }).wait()).toBeUndefined();
  });

  test("says what is wrong where the server can't be asked", async () => {
    vi.stubEnv("FORGE_TOKEN", "wr0ng");
    await expect(world().wait()).rejects.toMatchObject({ problems: [{ code: "forge-refused" }] });
  });
});
