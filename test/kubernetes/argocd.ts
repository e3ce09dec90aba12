import { execFile } from "node:child_process";
import { chmod, cp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import getPort from "get-port";
import type { Cluster } from "./cluster.ts";
import type { Programs } from "./programs.ts";

/** Argo CD's own API, as `follow.argocd.server` names it. */
export interface ArgocdApi {
  readonly server: string;
  /** Of an account that may read Applications. */
  readonly token: string;
  /** Of an account that may do nothing. */
  readonly powerless: string;
}

const partOf = { "app.kubernetes.io/part-of": "argocd" };
const settings = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "argocd-cm",
      namespace: "argocd",
      labels: { ...partOf, "app.kubernetes.io/name": "argocd-cm" },
    },
    // Slipway asks for a comparison: nothing is to come by itself while the proof runs.
    data: {
      ...{ "timeout.reconciliation": "180s", "timeout.reconciliation.jitter": "0s" },
      ...{ "accounts.slipway": "apiKey", "accounts.nobody": "apiKey" },
    },
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-rbac-cm", namespace: "argocd", labels: partOf },
    // What docs/how-to/kubernetes.md tells to allow.
    data: {
      "policy.csv": [
        "p, role:slipway, applications, get, */*, allow",
        "p, role:slipway, logs, get, */*, allow",
        "g, slipway, role:slipway",
      ].join("\n"),
    },
  },
  {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default", namespace: "argocd" },
    spec: {
      sourceRepos: ["*"],
      destinations: [{ namespace: "*", server: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  },
];

/** Argo CD on a cluster: its application controller, repo-server and API server, with a Redis in memory. */
export async function startArgocd(programs: Programs, cluster: Cluster): Promise<ArgocdApi> {
  const own = dirname(programs.path("argocd"));
  await bringHelpers(own, programs.bin);
  const crds = join(own, "manifests/crds");
  await cluster.kubectl(["apply", "--server-side", "--kustomize", crds]);
  await untilKnown(cluster);
  const password = "only-of-this-run";
  const items = [...settings, await administrator(programs, password)];
  const list = { apiVersion: "v1", kind: "List", items };
  await cluster.kubectl(["apply", "--filename", "-"], JSON.stringify(list));
  const ports = await Promise.all(Array.from({ length: 6 }, () => getPort()));
  const [redis, repo, repoMetrics, metrics, api, apiMetrics] = ports;
  const environment = {
    KUBECONFIG: cluster.kubeconfig,
    ARGOCD_FAKE_IN_CLUSTER: "true",
    ARGOCD_GPG_ENABLED: "false",
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const as = (name: string) => ({ as: name, environment: { ...environment, ARGOCD_BINARY_NAME: name } });
  programs.start("miniredis", [`127.0.0.1:${redis}`]);
  programs.start(
    "argocd",
    [
      ...["--address", "127.0.0.1", "--port", String(repo), "--disable-tls", "--client-ca-path", ""],
      ...["--metrics-address", "127.0.0.1", "--metrics-port", String(repoMetrics)],
      ...["--redis", `127.0.0.1:${redis}`],
    ],
    as("argocd-repo-server"),
  );
  programs.start(
    "argocd",
    [
      ...["--kubeconfig", cluster.kubeconfig, "--namespace", "argocd", "--metrics-port", String(metrics)],
      ...["--repo-server", `127.0.0.1:${repo}`, "--repo-server-plaintext"],
      ...["--redis", `127.0.0.1:${redis}`, "--app-resync", "180", "--sharding-method", "legacy"],
    ],
    as("argocd-application-controller"),
  );
  programs.start(
    "argocd",
    [
      ...["--insecure", "--address", "127.0.0.1", "--port", String(api)],
      ...["--metrics-address", "127.0.0.1", "--metrics-port", String(apiMetrics)],
      ...["--kubeconfig", cluster.kubeconfig, "--namespace", "argocd", "--staticassets", programs.folder],
      ...["--repo-server", `127.0.0.1:${repo}`, "--repo-server-plaintext", "--redis", `127.0.0.1:${redis}`],
    ],
    as("argocd-server"),
  );
  return tokensOf(programs, `http://127.0.0.1:${api}`, password);
}

/** The Secret of Argo CD, with the administrator's password as Argo CD itself hashes it. */
async function administrator(programs: Programs, password: string): Promise<object> {
  const words = ["account", "bcrypt", "--password", password];
  const { stdout } = await promisify(execFile)(programs.path("argocd"), words);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "argocd-secret",
      namespace: "argocd",
      labels: { ...partOf, "app.kubernetes.io/name": "argocd-secret" },
    },
    stringData: {
      "server.secretkey": "only-of-this-run",
      "admin.password": stdout.trim(),
      "admin.passwordMtime": new Date(0).toISOString(),
    },
  };
}

/** Signs in as the administrator, and makes a token for each account. */
async function tokensOf(programs: Programs, server: string, password: string): Promise<ArgocdApi> {
  const post = async (path: string, body: object, token?: string): Promise<{ token: string }> => {
    const answer = await fetch(`${server}/api/v1/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`argocd-server answered ${answer.status} to ${path}: ${text}`);
    return JSON.parse(text) as { token: string };
  };
  const signIn = async () => {
    for (let look = 0; look < 300; look++) {
      programs.assertRunning();
      const session = await post("session", { username: "admin", password }).catch((error: unknown) => {
        // It does not listen yet.
        if (error instanceof TypeError) return undefined;
        throw error;
      });
      if (session !== undefined) return session.token;
      await sleep(200);
    }
    throw new Error("argocd-server does not answer");
  };
  const session = await signIn();
  const [slipway, nobody] = await Promise.all(
    ["slipway", "nobody"].map((account) => post(`account/${account}/token`, {}, session)),
  );
  return { server, token: slipway?.token ?? "", powerless: nobody?.token ?? "" };
}

/** What the repo-server calls by name. */
async function bringHelpers(own: string, bin: string): Promise<void> {
  const kustomize = join(bin, "kustomize");
  // Argo CD renders with kustomize, which is in kubectl.
  const script = [
    "#!/bin/sh",
    'case "$1" in',
    '  build) shift; exec kubectl kustomize "$@" ;;',
    "  version) echo v5.8.1 ;;",
    '  *) echo "kubectl has no kustomize $1" >&2; exit 1 ;;',
    "esac",
    "",
  ];
  await writeFile(kustomize, script.join("\n"));
  await chmod(kustomize, 0o755);
  // Modules keep no permissions.
  const wrapper = join(bin, "git-verify-wrapper.sh");
  await cp(join(own, "hack/git-verify-wrapper.sh"), wrapper);
  await chmod(wrapper, 0o755);
}

/** A CRD that was just made is not served yet. */
async function untilKnown(cluster: Cluster): Promise<void> {
  for (let look = 0; look < 150; look++) {
    const path = "/apis/argoproj.io/v1alpha1/appprojects";
    if ((await cluster.call("GET", path, { any: true })).status === 200) return;
    await sleep(200);
  }
  throw new Error("the API server does not serve Argo CD's kinds");
}
