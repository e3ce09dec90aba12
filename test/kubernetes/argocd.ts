import { chmod, cp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";
import type { Cluster } from "./cluster.ts";
import type { Programs } from "./programs.ts";

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
    data: { "timeout.reconciliation": "180s", "timeout.reconciliation.jitter": "0s" },
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-rbac-cm", namespace: "argocd", labels: partOf },
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "argocd-secret",
      namespace: "argocd",
      labels: { ...partOf, "app.kubernetes.io/name": "argocd-secret" },
    },
    stringData: { "server.secretkey": "only-of-this-run" },
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

/** Argo CD on a cluster: its application controller and its repo-server, with a Redis in memory. */
export async function startArgocd(programs: Programs, cluster: Cluster): Promise<void> {
  const own = dirname(programs.path("argocd"));
  await bringHelpers(own, programs.bin);
  const crds = join(own, "manifests/crds");
  await cluster.kubectl(["apply", "--server-side", "--kustomize", crds]);
  await untilKnown(cluster);
  const list = { apiVersion: "v1", kind: "List", items: settings };
  await cluster.kubectl(["apply", "--filename", "-"], JSON.stringify(list));
  const [redis, repo, repoMetrics, metrics] = await Promise.all([getPort(), getPort(), getPort(), getPort()]);
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
