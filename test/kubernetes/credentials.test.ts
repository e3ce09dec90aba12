import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cronJobManifests } from "../../runner/commands/k8s/cron-job.ts";
import { readPullSecrets } from "../../runner/commands/k8s/read.ts";
import { refreshScript } from "../../runner/commands/k8s/refresh-script.ts";
import { judgePullSecrets } from "../../runner/commands/k8s/state.ts";
import { openKubectl } from "../../runner/kubernetes/kubectl.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { type Nodes, standInForNodes } from "./nodes.ts";
import { bringPrograms, clusterTools, type Programs } from "./programs.ts";

// What `slipway k8s credentials` writes, on a real API server with its controllers.

const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const digest = `sha256:${"a".repeat(64)}`;

let folder: string;
let programs: Programs;
let cluster: Cluster;
let nodes: Nodes;
let isWell = false;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-kubernetes-"));
  console.error(`logs and data of this run: ${folder}`);
  programs = await bringPrograms(folder, clusterTools);
  process.env.PATH = `${programs.bin}:${process.env.PATH}`;
  cluster = await startCluster(programs);
  nodes = standInForNodes(cluster);
  for (const name of ["shop-dev", "billing"]) await cluster.kubectl(["create", "namespace", name]);
  isWell = true;
});

afterEach(({ task }) => {
  if (task.result?.state === "fail") isWell = false;
});

afterAll(async () => {
  await nodes?.stop();
  await programs?.stop();
  // What the programs said explains a failure.
  if (isWell) await rm(folder, { recursive: true, force: true });
});

describe("a pull secret's manifests on a real API server", () => {
  const wanted = { registry, region: "eu-west-1", namespaces: ["shop-dev", "billing"], secret: "ecr-pull" };
  const manifests = () => cronJobManifests({ ...wanted, image: `public.ecr.aws/aws-cli/aws-cli@${digest}` });
  const check = async () => {
    const found = await readPullSecrets(openKubectl({ kubeconfig: cluster.kubeconfig }), wanted);
    return judgePullSecrets(found, wanted, new Date());
  };

  test("are accepted by strict validation, twice, and the first Job runs at once", async () => {
    const apply = ["apply", "--server-side", "--validate=strict", "--filename", "-"];
    console.error(await cluster.kubectl(apply, manifests()));
    await cluster.kubectl(apply, manifests());
    await expect
      .poll(async () => cluster.kubectl(["get", "jobs", "--namespace", "shop-dev", "--output", "name"]), {
        timeout: 30_000,
      })
      .toContain("job.batch/ecr-pull-first-");
    await cluster.kubectl([
      ...["wait", "--for=condition=Complete", "job", "--all", "--namespace", "shop-dev", "--timeout=60s"],
    ]);
    const states = (await check()).map(({ state }) => state);
    expect(states).toContain("fail");
  });

  test("let the service account's own token write the one secret, and nothing else", async () => {
    const token = (await cluster.kubectl(["create", "token", "ecr-pull", "--namespace", "shop-dev"])).trim();
    const as = async (method: string, path: string, body?: object, type?: string) =>
      (
        await cluster.call(method, path, {
          token,
          any: true,
          ...(body === undefined ? {} : { body }),
          ...(type === undefined ? {} : { type }),
        })
      ).status;
    const secrets = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`;
    const answers = {
      "reads the secret before it is there": await as("GET", `${secrets("shop-dev")}/ecr-pull`),
      "lists secrets": await as("GET", secrets("shop-dev")),
      "reads another secret": await as("GET", `${secrets("shop-dev")}/other`),
      "reads secrets of another namespace": await as("GET", `${secrets("argocd")}/argocd-secret`),
      "deletes the secret": await as("DELETE", `${secrets("shop-dev")}/ecr-pull`),
      "reads pods": await as("GET", "/api/v1/namespaces/shop-dev/pods"),
      "changes another secret": await as(
        "PATCH",
        `${secrets("shop-dev")}/other`,
        { data: {} },
        "application/merge-patch+json",
      ),
      "changes a secret of another namespace": await as(
        "PATCH",
        `${secrets("argocd")}/argocd-secret`,
        { data: {} },
        "application/merge-patch+json",
      ),
    };
    console.error(answers);
    expect(answers).toEqual({
      "reads the secret before it is there": 404,
      "lists secrets": 403,
      "reads another secret": 403,
      "reads secrets of another namespace": 403,
      "deletes the secret": 403,
      "reads pods": 403,
      "changes another secret": 403,
      "changes a secret of another namespace": 403,
    });
    expect(await renew(token)).toBe("renewed shop-dev/ecr-pull\nrenewed billing/ecr-pull\n");
    const found = await cluster.call("GET", `${secrets("billing")}/ecr-pull`, { token });
    expect(found.body).toMatchObject({ type: "kubernetes.io/dockerconfigjson" });
    expect(await renew(token)).toContain("renewed billing/ecr-pull");
    const checks = await check();
    console.error(
      checks
        .map(({ namespace, name, state, message }) => `${state} ${namespace}, ${name}: ${message}`)
        .join("\n"),
    );
    expect(checks.map(({ state }) => state)).not.toContain("fail");
  });

  /** What the CronJob's container does, with the token that its pod would have. */
  async function renew(token: string): Promise<string> {
    const home = mkdtempSync(join(folder, "renew-"));
    writeFileSync(join(home, "aws"), "#!/bin/sh\nprintf password-of-ecr\n");
    chmodSync(join(home, "aws"), 0o755);
    writeFileSync(join(home, "token"), token);
    cpSync(join(folder, "pki/apiserver.crt"), join(home, "ca.crt"));
    const env = {
      PATH: `${home}:${process.env.PATH}`,
      HOME: home,
      ACCOUNT: home,
      AWS_REGION: wanted.region,
      NAMESPACES: wanted.namespaces.join(" "),
      REGISTRY: registry,
      SECRET: wanted.secret,
      KUBERNETES_SERVICE_HOST: cluster.server.host,
      KUBERNETES_SERVICE_PORT: String(cluster.server.port),
    };
    return new Promise((resolve, reject) => {
      execFile("sh", ["-eu", "-c", refreshScript], { env }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`${stderr}${stdout}`)),
      );
    });
  }
});
