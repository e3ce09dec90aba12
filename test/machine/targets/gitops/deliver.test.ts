import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import type { Image } from "../../../../runner/registry/image.ts";
import { gitopsKind } from "../../../../runner/targets/gitops/kind.ts";
import type { TargetContext } from "../../../../runner/targets/target.ts";
import { fakeContext } from "../../../unit/targets/fakes.ts";
import { type ArgocdServer, serveArgocd } from "./argocd-server.ts";
import { commitFiles, fileOn, type GitServer, makeRepository, serveGit } from "./git-server.ts";

const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const reference = (letter: string) => `${registry}/shop/ui@${digest(letter)}`;
const path = "apps/ui/deployment.yaml";
const deployment = (letter: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: ui\n          image: ${reference(letter)} # by Slipway\n`;
const image: Image = { service: "ui", repository: "shop/ui", registry, digest: digest("2"), manifests: {} };

let gitServer: GitServer;
let argocd: ArgocdServer;
let bare: string;
let repository: string;
let count = 0;
let context: TargetContext & { messages(): string[] };

beforeAll(async () => {
  gitServer = await serveGit();
});
afterAll(() => gitServer.close());

beforeEach(async () => {
  count += 1;
  bare = makeRepository(gitServer.root, `follow-${count}.git`, { [path]: deployment("1"), "README.md": "" });
  repository = `${gitServer.url}/follow-${count}.git`;
  argocd = await serveArgocd({ bare, repository, path }, "token-of-argocd");
  for (const name of ["AUTHOR", "COMMITTER"]) {
    vi.stubEnv(`GIT_${name}_NAME`, "Deployer");
    vi.stubEnv(`GIT_${name}_EMAIL`, "deployer@example.com");
  }
  vi.stubEnv("ARGOCD_AUTH_TOKEN", "token-of-argocd");
  context = { ...fakeContext(), directory: mkdtempSync(join(tmpdir(), "slipway-follow-")) };
});
afterEach(() => {
  argocd.close();
  vi.unstubAllEnvs();
});

const target = (more: object = {}) =>
  resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository,
      files: [{ path, yaml: "spec.template.spec.containers[name=ui].image" }],
      follow: { argocd: { application: "ui-dev", server: argocd.url, timeoutSeconds: 60, ...more } },
    }),
    "ui",
    (text) => text,
  );

async function deploy(to = target()) {
  const state = await gitopsKind.inspect(to, context);
  const plan = gitopsKind.plan("ui", to, state, image);
  const applied = await gitopsKind.apply(plan, image, context);
  return { applied, outcome: await gitopsKind.follow(plan, applied, image, context) };
}

describe("a commit to a real repository, followed through Argo CD's API", () => {
  test("is done when the image is seen to run", async () => {
    const { applied, outcome } = await deploy();
    expect(outcome).toMatchObject({
      outcome: "done",
      message: `Synced to ${applied.commit.slice(0, 10)}, Healthy, runs ${reference("2")}`,
    });
    expect(fileOn(bare, path).toString()).toBe(deployment("2"));
    expect(context.messages()).toEqual([
      expect.stringMatching(/^Argo CD is at [0-9a-f]{10}, without commit [0-9a-f]{10}$/),
      "syncing: one or more tasks are running",
      "Synced; Progressing: Deployment/ui",
      outcome.message,
    ]);
    expect(argocd.calls).toContain("GET /applications/ui-dev?appNamespace=argocd&refresh=normal");
  });

  test("is done at a later commit of somebody else that still has the image", async () => {
    let pushed = false;
    argocd.before = () => {
      if (pushed || fileOn(bare, path).toString() !== deployment("2")) return;
      pushed = true;
      commitFiles(bare, { "README.md": "theirs" }, "theirs");
    };
    const { outcome } = await deploy();
    expect(pushed).toBe(true);
    expect(outcome).toMatchObject({
      outcome: "done",
      message: expect.stringContaining(`runs ${reference("2")}`),
    });
  });

  test("is overtaken by a later commit that sets another image", async () => {
    let pushed = false;
    argocd.before = () => {
      if (pushed || fileOn(bare, path).toString() !== deployment("2")) return;
      pushed = true;
      commitFiles(bare, { [path]: deployment("3") }, "theirs");
    };
    const { outcome } = await deploy();
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringMatching(/is at [0-9a-f]{10}, a later commit that sets another image$/),
    });
  });

  test("fails with the state of the Application when the time is up", async () => {
    argocd.health = "Degraded";
    const { outcome } = await deploy(target({ timeoutSeconds: 8 }));
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: "Argo CD, Application ui-dev: not done after 8 s: Degraded: Deployment/ui",
      evidence: ["Deployment/ui: Degraded"],
    });
  });

  test("a wrong token fails, says that the commit is there, and never names the token", async () => {
    vi.stubEnv("ARGOCD_AUTH_TOKEN", "another-token");
    const { outcome } = await deploy();
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringMatching(
        /^committed [0-9a-f]{10} to main, but Argo CD, Application ui-dev can't be followed: Argo CD answered 401: invalid session$/,
      ),
      hint: "renew the token in the environment variable of follow.argocd.tokenEnvironment",
    });
    expect(JSON.stringify([outcome, context.messages()])).not.toContain("another-token");
  });

  test("status says what the cluster makes of the branch, and verify checks it; both only read", async () => {
    const state = await gitopsKind.inspect(target(), context);
    const verification = { image: undefined, registry };
    const checks = await gitopsKind.verify(target(), state, verification, context);
    expect(checks.at(-1)).toEqual({
      name: "Argo CD, Application ui-dev",
      state: "ok",
      message: "deploys from the target's repository and branch",
    });
    expect(await gitopsKind.status("ui", target(), context)).toMatchObject({
      health: "healthy",
      message: expect.stringContaining(`runs ${reference("1")}`),
      running: reference("1"),
    });
    expect(argocd.calls.filter((one) => one.includes("refresh"))).toEqual([]);
  });
});
