import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";
import type { Programs } from "./programs.ts";

/** A Kubernetes API on loopback: etcd, kube-apiserver with RBAC and kube-controller-manager. It has no nodes. */
export interface Cluster {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly server: { readonly host: string; readonly port: number };
  /** One call of the API. A status of 400 or more is an error, unless `any` is set. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  kubectl(args: readonly string[], input?: string): Promise<string>;
}

interface CallOptions {
  readonly body?: object;
  readonly type?: string;
  /** Default: the administrator's. */
  readonly token?: string;
  readonly any?: boolean;
}

interface Answer {
  readonly status: number;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

const adminToken = "token-of-the-administrator";
const controllers = [
  ...["cronjob-controller", "job-controller", "namespace-controller", "serviceaccount-controller"],
  ...["garbage-collector-controller", "deployment-controller", "replicaset-controller"],
];

/** @throws when the API server is not ready within two minutes, or has ended */
export async function startCluster(programs: Programs): Promise<Cluster> {
  const { folder } = programs;
  const [client, peer, port, managerPort] = await Promise.all([getPort(), getPort(), getPort(), getPort()]);
  const pki = join(folder, "pki");
  await mkdir(pki, { recursive: true });
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = join(pki, "accounts.key");
  const publicFile = join(pki, "accounts.pub");
  const tokens = join(pki, "tokens.csv");
  await writeFile(key, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  await writeFile(publicFile, publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(tokens, `${adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 });
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, JSON.stringify(configOf(port)), { mode: 0o600 });

  const etcd = `http://127.0.0.1:${client}`;
  const peers = `http://127.0.0.1:${peer}`;
  programs.start("etcd", [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
    ...["--listen-client-urls", etcd, "--advertise-client-urls", etcd],
    ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
    ...["--initial-cluster", `default=${peers}`],
  ]);
  programs.start("kube-apiserver", [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${pki}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${publicFile}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${tokens}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    // Pods need no account where none of them runs.
    "--disable-admission-plugins=ServiceAccount",
    "--profiling=false",
  ]);
  const server = { host: "127.0.0.1", port };
  const cluster: Cluster = {
    kubeconfig,
    server,
    call: (method, path, options) => call(server, method, path, options),
    kubectl: (args, input) => runKubectl(programs, kubeconfig, args, input),
  };
  await untilReady(cluster, programs);
  programs.start("kube-controller-manager", [
    ...["--kubeconfig", kubeconfig, "--bind-address=127.0.0.1", `--secure-port=${managerPort}`],
    ...["--leader-elect=false", "--use-service-account-credentials=false", `--cert-dir=${pki}`],
    ...[`--service-account-private-key-file=${key}`, `--controllers=${controllers.join(",")}`],
  ]);
  return cluster;
}

function configOf(port: number): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "proof",
        cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    users: [{ name: "admin", user: { token: adminToken } }],
    contexts: [{ name: "proof", context: { cluster: "proof", user: "admin", namespace: "default" } }],
    "current-context": "proof",
  };
}

async function untilReady(cluster: Cluster, programs: Programs): Promise<void> {
  const until = Date.now() + 120_000;
  for (;;) {
    const answer = await cluster.call("GET", "/readyz", { any: true }).catch(() => undefined);
    if (answer?.status === 200) return;
    programs.assertRunning();
    if (Date.now() > until) throw new Error("kube-apiserver is not ready; see its log");
    await sleep(200);
  }
}

function call(
  { host, port }: Cluster["server"],
  method: string,
  path: string,
  { body, type = "application/json", token = adminToken, any = false }: CallOptions = {},
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": type };
  return new Promise((resolve, reject) => {
    // The certificate is the API server's own, on loopback.
    const sent = request({ host, port, method, path, headers, rejectUnauthorized: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 400 && !any) return reject(new Error(`${method} ${path}: ${status}: ${text}`));
        resolve({ status, body: text.startsWith("{") ? JSON.parse(text) : text });
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function runKubectl(
  { path, folder }: Programs,
  kubeconfig: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      path("kubectl"),
      ["--kubeconfig", kubeconfig, ...args],
      { encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        reject(new Error(`kubectl ${args.join(" ")}: ${stderr || stdout || error.message}`));
      },
    );
    child.stdin?.end(input);
  });
}
