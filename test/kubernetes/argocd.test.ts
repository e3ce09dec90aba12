import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../config/targets/gitops/target.ts";
import type { Image } from "../../runner/registry/image.ts";
import type { RunEvent } from "../../runner/report/events.ts";
import { type Application, isBefore } from "../../runner/targets/gitops/follow/argocd/application.ts";
import { gitopsKind } from "../../runner/targets/gitops/kind.ts";
import type { TargetOutcome } from "../../runner/targets/target.ts";
import {
  commitFiles,
  fileOn,
  type GitServer,
  git,
  makeRepository,
  serveGit,
} from "../machine/targets/gitops/git-server.ts";
import { fakeContext } from "../unit/targets/fakes.ts";
import { type ArgocdApi, startArgocd } from "./argocd.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { type Nodes, standInForNodes } from "./nodes.ts";
import { argocdTools, bringPrograms, type Programs } from "./programs.ts";
import { type Recorder, recordApplication } from "./record.ts";

// One story: the tests build on one another. A real Kubernetes API and a real Argo CD, a real git server; nodes are
// stood in for, as no kubelet runs.

const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (letter: string): Image => ({
  service: "ui",
  repository: "shop/ui",
  registry,
  digest: digest(letter),
  manifests: {},
});
const reference = (letter: string) => `${registry}/shop/ui@${digest(letter)}`;
const overlay = "ui/overlays/dev/kustomization.yaml";
const deployment = "ui/base/deployment.yaml";

let folder: string;
let programs: Programs;
let server: GitServer;
let bare: string;
let repository: string;
let cluster: Cluster;
let nodes: Nodes;
let api: ArgocdApi;
let isWell = false;
let recorder: Recorder;

/** The shop's example, as a repository of manifests. */
function exampleFiles(): Record<string, string> {
  const root = join(import.meta.dirname, "../../examples/shop/gitops");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile());
  return Object.fromEntries(files.map((path) => [relative(root, path), readFileSync(path, "utf8")]));
}

beforeAll(async () => {
  const startedAt = performance.now();
  folder = mkdtempSync(join(tmpdir(), "slipway-kubernetes-"));
  console.error(`logs and data of this run: ${folder}`);
  for (const name of ["AUTHOR", "COMMITTER"]) {
    process.env[`GIT_${name}_NAME`] = "Deployer";
    process.env[`GIT_${name}_EMAIL`] = "deployer@example.com";
  }
  server = await serveGit();
  const files = exampleFiles();
  // What a rollout may take, so that a broken one is Degraded in seconds.
  files[deployment] = (files[deployment] ?? "").replace(
    "  replicas: 2\n",
    "  replicas: 2\n  progressDeadlineSeconds: 20\n",
  );
  bare = makeRepository(server.root, "deploy.git", files);
  repository = `${server.url}/deploy.git`;
  programs = await bringPrograms(folder, argocdTools);
  process.env.PATH = `${programs.bin}:${process.env.PATH}`;
  const readyAt = performance.now();
  cluster = await startCluster(programs);
  nodes = standInForNodes(cluster);
  api = await startArgocd(programs, cluster);
  await cluster.kubectl(["create", "namespace", "shop-dev"]);
  const application = (files["argocd/ui-dev.yaml"] ?? "").replace(/repoURL: .*/, `repoURL: ${repository}`);
  await cluster.kubectl(["apply", "--filename", "-"], application);
  const places = new Map([
    [server.url, "https://git.example.com/acme"],
    [folder, "/run"],
  ]);
  recorder = recordApplication(cluster, "ui-dev", places);
  const seconds = (from: number) => ((performance.now() - from) / 1000).toFixed(1);
  console.error(
    `programs there after ${((readyAt - startedAt) / 1000).toFixed(1)} s, cluster up in ${seconds(readyAt)} s`,
  );
  isWell = true;
});

afterEach(({ task }) => {
  if (task.result?.state === "fail") isWell = false;
});

afterAll(async () => {
  await recorder?.stop();
  await nodes?.stop();
  await programs?.stop();
  server?.close();
  // What the programs said explains a failure.
  if (isWell) await rm(folder, { recursive: true, force: true });
});

const context = (signal = new AbortController().signal) => ({
  ...fakeContext(),
  signal,
  directory: folder,
  release: { stack: "dev", commit: "c".repeat(40) },
});

const target = (more: object = {}) =>
  resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository,
      files: [{ path: "ui/overlays/${stack}/kustomization.yaml", kustomize: "ui" }],
      follow: {
        argocd: { application: "ui-${stack}", kubeconfig: cluster.kubeconfig, timeoutSeconds: 150, ...more },
      },
    }),
    "ui",
    (text) => text.replaceAll("${stack}", "dev"),
  );

/** The same target, followed through Argo CD's own API. */
const targetByApi = (token = api.token, more: object = {}) => {
  process.env.ARGOCD_AUTH_TOKEN = token;
  return target({ server: api.server, kubeconfig: undefined, ...more });
};

async function patchApplication(patch: object): Promise<void> {
  const which = ["applications.argoproj.io", "ui-dev", "--namespace", "argocd"];
  await cluster.kubectl(["patch", ...which, "--type", "merge", "--patch", JSON.stringify(patch)]);
}

interface Moved {
  readonly outcome: TargetOutcome;
  readonly commit: string;
  readonly said: readonly string[];
}

/** What `slipway deploy` and `slipway rollback` do with the target, and what they say. */
async function move(letter: string, to = target(), hear: (line: string) => void = () => {}): Promise<Moved> {
  recorder.taken();
  const plain = context();
  const own = {
    ...plain,
    emit: (event: RunEvent) => {
      plain.emit(event);
      if (event.kind === "step-progress") hear(event.message);
    },
  };
  const startedAt = performance.now();
  const plan = gitopsKind.plan("ui", to, await gitopsKind.inspect(to, own), image(letter));
  expect(plan.problems).toEqual([]);
  const applied = await gitopsKind.apply(plan, image(letter), own);
  const outcome = await gitopsKind.follow(plan, applied, image(letter), own);
  const said = own.messages();
  console.error(
    [
      `${letter}: ${outcome.outcome} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${outcome.message}`,
      ...said.map((line) => `    ${line}`),
      ...(outcome.evidence ?? []).map((line) => `    evidence: ${line}`),
      ...(outcome.hint === undefined ? [] : [`    hint: ${outcome.hint}`]),
    ].join("\n"),
  );
  return { outcome, commit: applied.commit, said };
}

describe("a real Argo CD", () => {
  test("is found by the checks before a deployment, and a wrong Application is not", async () => {
    // What is there before the first deployment: its image has the tag `none`.
    await expect
      .poll(
        async () => {
          programs.assertRunning();
          return (await recorder.now()).status.health?.status;
        },
        { timeout: 120_000, interval: 500 },
      )
      .toBe("Healthy");
    const state = await gitopsKind.inspect(target(), context());
    const verify = (to: ReturnType<typeof target>) =>
      gitopsKind.verify(to, state, { image: image("1"), registry }, context());
    expect((await verify(target())).map(({ state: found }) => found)).not.toContain("fail");
    const wrong = await verify(target({ application: "nobody" }));
    expect(wrong.filter(({ state: found }) => found === "fail")).toMatchObject([
      { message: expect.stringContaining("nobody") },
    ]);
  });

  test("syncs a commit, which is followed to Synced, Healthy and the image that runs", async () => {
    const { outcome, commit } = await move("1");
    await recorder.keep("healthy");
    expect(outcome).toMatchObject({
      outcome: "done",
      message: `Synced to ${commit.slice(0, 10)}, Healthy, runs ${reference("1")}`,
    });
    const { status } = await recorder.now();
    expect(status.sync?.revision).toBe(commit);
    expect(status.summary?.images).toContain(reference("1"));
  });

  test("is Progressing until the pods of the next image are ready", async () => {
    nodes.ready = false;
    const { outcome, said, commit } = await move("2", target(), (line) => {
      if (line.startsWith("Synced; Progressing")) nodes.ready = true;
    });
    nodes.ready = true;
    expect(outcome.outcome).toBe("done");
    expect(said.join("\n")).toContain("Progressing");
    const isOurs = ({ status }: Application) => status.sync?.revision === commit;
    const kept = {
      syncing: await recorder.keepSeen(
        "syncing",
        (one) => isOurs(one) && one.status.operationState?.phase === "Running",
      ),
      "out-of-sync": await recorder.keepSeen(
        "out-of-sync",
        (one) =>
          isOurs(one) &&
          one.status.sync?.status === "OutOfSync" &&
          one.status.operationState?.phase !== "Running",
      ),
      progressing: await recorder.keepSeen(
        "progressing",
        (one) =>
          isOurs(one) &&
          one.status.sync?.status === "Synced" &&
          one.status.operationState?.phase === "Succeeded" &&
          !isBefore(one.status.reconciledAt, one.status.operationState.finishedAt) &&
          one.status.health?.status === "Progressing",
      ),
    };
    console.error(kept);
    expect(kept.progressing).toBe(true);
  });

  test("an image that can't be pulled fails, with the pods' own reasons", async () => {
    nodes.missing.add(digest("b"));
    const { outcome } = await move("b");
    await recorder.keep("degraded");
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("Degraded");
    expect(outcome.evidence?.join("\n")).toContain("ErrImagePull");
    expect(outcome.evidence?.join("\n")).toContain("Failed to pull image");
    expect(outcome.hint).toContain("registry does not have the image");
  });

  test("a rollback is a commit that Argo CD syncs, and the last good image runs again", async () => {
    const { outcome } = await move("2");
    expect(outcome).toMatchObject({ outcome: "done", message: expect.stringContaining(reference("2")) });
    expect(fileOn(bare, overlay).toString()).toContain(digest("2"));
    const subjects = git(bare, "log", "--format=%s", "main").trim().split("\n");
    expect(subjects[0]).toMatch(/^Deploy ui on dev to sha256:2/);
  });

  test("what Argo CD could roll back to is in use", async () => {
    const unseen: string[] = [];
    const uses = await gitopsKind.inUse({ ...context(), unseen: (place) => unseen.push(place) }, [target()]);
    const history = uses.filter(({ why }) => why.includes("could roll"));
    console.error(uses.map(({ reference: used, why }) => `${used}: ${why}`).join("\n"));
    expect(new Set(history.map(({ reference: used }) => used))).toEqual(
      new Set([reference("1"), reference("2"), reference("b"), `${registry}/shop/ui:none`]),
    );
    expect(unseen).toEqual([]);
  });

  test("is followed through its own API, with a token that may read Applications", async () => {
    const to = targetByApi();
    const state = await gitopsKind.inspect(to, context());
    const checks = await gitopsKind.verify(to, state, { image: image("1"), registry }, context());
    expect(checks.map(({ state: found }) => found)).not.toContain("fail");
    const { outcome, commit, said } = await move("1", to);
    expect(outcome).toMatchObject({
      outcome: "done",
      message: `Synced to ${commit.slice(0, 10)}, Healthy, runs ${reference("1")}`,
    });
    expect(said.join("\n")).toMatch(/OutOfSync|syncing|Progressing/);
    expect(await gitopsKind.status("ui", to, context())).toMatchObject({ health: "healthy" });
    const unseen: string[] = [];
    const uses = await gitopsKind.inUse({ ...context(), unseen: (place) => unseen.push(place) }, [to]);
    expect(uses.map(({ reference: used }) => used)).toContain(reference("2"));
    expect(unseen).toEqual([]);
  });

  test("explains a failure through its own API, with the pods' reasons", async () => {
    const { outcome } = await move("b", targetByApi());
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("Degraded");
    expect(outcome.evidence?.join("\n")).toContain("ErrImagePull");
    expect(outcome.evidence?.join("\n")).toContain("Failed to pull image");
    expect((await move("1", targetByApi())).outcome.outcome).toBe("done");
  });

  test("refuses a wrong token, and one that may do nothing: the commit is there, and the outcome says so", async () => {
    const wrong = await move("2", targetByApi("not-a-token"));
    expect(wrong.outcome.outcome).toBe("failed");
    expect(wrong.outcome.message).toContain("401");
    const powerless = await move("1", targetByApi(api.powerless));
    expect(powerless.outcome.outcome).toBe("failed");
    expect(powerless.outcome.message).toContain("403");
    for (const { outcome, commit } of [wrong, powerless]) {
      expect(outcome.message).toContain(commit.slice(0, 10));
      expect(JSON.stringify(outcome)).not.toContain("not-a-token");
    }
    expect((await move("2", targetByApi())).outcome.outcome).toBe("done");
  });

  test("a closed sync window is said, by kubectl and by its own API", async () => {
    const project = ["appprojects.argoproj.io", "default", "--namespace", "argocd"];
    const setWindows = (syncWindows: readonly object[] | null) =>
      cluster.kubectl([
        ...["patch", ...project, "--type", "merge", "--patch", JSON.stringify({ spec: { syncWindows } })],
      ]);
    await setWindows([{ kind: "deny", schedule: "* * * * *", duration: "1h", applications: ["*"] }]);
    const byKubectl = await move("3", target({ timeoutSeconds: 15 }));
    await recorder.keep("window-closed");
    const byApi = await move("4", targetByApi(api.token, { timeoutSeconds: 15 }));
    for (const { outcome } of [byKubectl, byApi]) {
      expect(outcome.outcome).toBe("failed");
      expect(outcome.message).toContain('a sync window is closed: deny "* * * * *" for 1h');
    }
    await setWindows(null);
    expect((await move("1", targetByApi())).outcome.outcome).toBe("done");
  });

  test("a paused Deployment waits for a person", async () => {
    const text = fileOn(bare, deployment).toString();
    commitFiles(
      bare,
      { [deployment]: text.replace("  replicas: 2\n", "  replicas: 2\n  paused: true\n") },
      "pause",
    );
    const { outcome } = await move("3", target({ timeoutSeconds: 25 }));
    await recorder.keep("suspended");
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("waits for a person");
    commitFiles(bare, { [deployment]: text }, "resume");
    expect((await move("1")).outcome.outcome).toBe("done");
  });

  test("manifests that can't be rendered fail, with what the repo-server says", async () => {
    const text = fileOn(bare, "ui/base/kustomization.yaml").toString();
    commitFiles(bare, { "ui/base/kustomization.yaml": `${text}  - missing.yaml\n` }, "break");
    const { outcome } = await move("4");
    await recorder.keep("comparison-error");
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("ComparisonError");
    commitFiles(bare, { "ui/base/kustomization.yaml": text }, "repair");
    expect((await move("1")).outcome.outcome).toBe("done");
  });

  test("manifests that the API server refuses fail the sync", async () => {
    // By itself, Argo CD tries five times, for minutes.
    await patchApplication({ spec: { syncPolicy: { retry: { limit: 0 } } } });
    const text = fileOn(bare, deployment).toString();
    commitFiles(bare, { [deployment]: text.replace("replicas: 2", "replicas: -2") }, "refused");
    const { outcome } = await move("5");
    await recorder.keep("sync-failed");
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toMatch(/sync (failed|ended)/);
    commitFiles(bare, { [deployment]: text }, "repair");
    expect((await move("1")).outcome.outcome).toBe("done");
  });

  test("without automated sync, a commit waits for a person", async () => {
    await patchApplication({ spec: { syncPolicy: { automated: null } } });
    const { outcome } = await move("6", target({ timeoutSeconds: 20 }));
    await recorder.keep("not-automated");
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain("does not sync this Application by itself");
  });
});
