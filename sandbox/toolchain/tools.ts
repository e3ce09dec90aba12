/** Everything that the sandbox needs from outside the project. */
export const toolNames = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-docker-build",
  "buildkitd",
  "buildx",
  "dockerd",
  "docker",
  "runc",
  "qemu-aarch64",
  "ministack",
  "busybox-amd64",
  "busybox-arm64",
  "lambda-rie-amd64",
  "lambda-rie-arm64",
  "go",
  "python",
  "actionlint",
  "aws-models",
  "kubectl",
  "helm",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "argocd",
  "miniredis",
  "grype",
  "gitea",
  "syft",
] as const;

export type ToolName = (typeof toolNames)[number];

/** A Kubernetes API with Argo CD on it, for `npm run test:kubernetes`. */
export const kubernetesTools = [
  "kubectl",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "argocd",
  "miniredis",
] as const satisfies readonly ToolName[];

const onlyWhenNeeded: readonly ToolName[] = [
  "go",
  "python",
  "actionlint",
  "aws-models",
  "helm",
  ...kubernetesTools,
  "grype",
  "gitea",
  "syft",
];

/**
 * What every run of the sandbox needs; `go` and `python` are fetched only when something is built with
 * them, `actionlint`, `aws-models`, `helm`, `gitea` and those of Kubernetes only by tests, `grype` with the
 * first scan, and `syft` with the first bill of materials.
 */
export const sandboxTools = toolNames.filter((name) => !onlyWhenNeeded.includes(name));

/** How a tool tells its version. */
export interface VersionQuestion {
  readonly arguments: readonly string[];
  /** Matches what it prints; the first group is the version. No group: it tells none, but it runs. */
  readonly answer: RegExp;
}

export interface Tool {
  /** The version that is downloaded or built; for what comes from the system, `distribution`. */
  readonly version: string;
  /** What the sandbox does with it. */
  readonly purpose: string;
  /**
   * Asked of what was found, downloaded or built before it is used. None: the tool can't run on this
   * machine.
   */
  readonly versionQuestion?: VersionQuestion;
}

const usage: VersionQuestion = { arguments: ["-h"], answer: /Usage of / };
const github = (repository: string): VersionQuestion => ({
  arguments: ["--version"],
  answer: new RegExp(`${repository} v?(\\d+\\.\\d+\\.\\d+)`),
});

export const tools: Readonly<Record<ToolName, Tool>> = {
  pulumi: {
    version: "3.245.0",
    purpose: "engine: runs the program and keeps its state",
    versionQuestion: { arguments: ["version"], answer: /^v?(\d+\.\d+\.\d+)/m },
  },
  "pulumi-language-nodejs": {
    version: "3.53.0",
    purpose: "starts the program for the engine",
    versionQuestion: usage,
  },
  "pulumi-resource-docker-build": {
    version: "0.0.22",
    purpose: "builds and pushes images for the engine",
    versionQuestion: usage,
  },
  buildkitd: {
    version: "0.31.0",
    purpose: "builds images, one platform a node",
    versionQuestion: github("github.com/moby/buildkit"),
  },
  buildx: {
    version: "0.35.0",
    purpose: "makes the builder that the image provider uses",
    versionQuestion: { arguments: ["version"], answer: /github\.com\/docker\/buildx v?(\d+\.\d+\.\d+)/ },
  },
  dockerd: {
    version: "distribution",
    purpose: "runs the tasks and functions of the emulated AWS",
    versionQuestion: { arguments: ["--version"], answer: /Docker version (\d+\.\d+\.\d+)/ },
  },
  docker: {
    version: "distribution",
    purpose: "command of the Docker daemon, and of buildx",
    versionQuestion: { arguments: ["--version"], answer: /Docker version (\d+\.\d+\.\d+)/ },
  },
  runc: {
    version: "1.3.4",
    purpose: "runs the steps of a build",
    versionQuestion: { arguments: ["--version"], answer: /runc version (\d+\.\d+\.\d+)/ },
  },
  "qemu-aarch64": {
    version: "distribution",
    purpose: "runs arm64 build steps on another processor",
    versionQuestion: { arguments: ["--version"], answer: /version (\d+\.\d+\.\d+)/ },
  },
  ministack: { version: "1.5.33", purpose: "emulates AWS, container registry included" },
  "busybox-amd64": { version: "distribution", purpose: "base of the example images, amd64" },
  "busybox-arm64": { version: "distribution", purpose: "base of the example images, arm64" },
  "lambda-rie-amd64": { version: "1.170.0", purpose: "Lambda's runtime interface in images, amd64" },
  "lambda-rie-arm64": { version: "1.170.0", purpose: "Lambda's runtime interface in images, arm64" },
  go: {
    version: "1.26.6",
    purpose: "builds tools that can't be downloaded",
    versionQuestion: { arguments: ["version"], answer: /go version go(\d+\.\d+(?:\.\d+)?)/ },
  },
  python: {
    version: "3.10",
    purpose: "runs the emulator",
    versionQuestion: { arguments: ["--version"], answer: /Python (\d+\.\d+\.\d+)/ },
  },
  actionlint: {
    version: "1.7.12",
    purpose: "checks the workflows of GitHub Actions, in a test",
    versionQuestion: { arguments: ["-version"], answer: /^v?(\d+\.\d+\.\d+)$/m },
  },
  "aws-models": {
    version: "1.44.8",
    purpose: "AWS's API models, which tests hold requests and answers against",
  },
  kubectl: {
    version: "1.37.1",
    purpose: "reads clusters, and renders manifests, in tests",
    versionQuestion: { arguments: ["version", "--client"], answer: /Client Version: v(\d+\.\d+\.\d+)/ },
  },
  helm: {
    version: "4.3.1",
    purpose: "renders charts, in tests",
    versionQuestion: { arguments: ["version", "--short"], answer: /v(\d+\.\d+\.\d+)/ },
  },
  etcd: {
    version: "3.7.3",
    purpose: "keeps the objects of a Kubernetes API, in a test",
    versionQuestion: { arguments: ["--version"], answer: /etcd Version: (\d+\.\d+\.\d+)/ },
  },
  "kube-apiserver": {
    version: "1.37.2",
    purpose: "Kubernetes' own API, in a test",
    versionQuestion: { arguments: ["--version"], answer: /Kubernetes v(\d+\.\d+\.\d+)/ },
  },
  "kube-controller-manager": {
    version: "1.37.2",
    purpose: "makes Jobs, ReplicaSets and Pods, in a test",
    versionQuestion: { arguments: ["--version"], answer: /Kubernetes v(\d+\.\d+\.\d+)/ },
  },
  argocd: {
    version: "3.6.1",
    purpose: "syncs a git repository to a Kubernetes API, in a test",
    versionQuestion: {
      arguments: ["version", "--client", "--short"],
      answer: /argocd: v(\d+\.\d+\.\d+)/,
    },
  },
  miniredis: {
    version: "2.39.0",
    purpose: "the Redis of Argo CD's controllers, in a test",
    versionQuestion: { arguments: ["--version"], answer: /miniredis (\d+\.\d+\.\d+)/ },
  },
  grype: {
    version: "0.121.2",
    purpose: "scans the images of the sandbox's registry, as the emulated ECR does not",
    versionQuestion: { arguments: ["--version"], answer: /grype (\d+\.\d+\.\d+)/ },
  },
  gitea: {
    version: "1.26.0",
    purpose: "a server of git repositories with pull requests, in a test",
    versionQuestion: { arguments: ["--version"], answer: /gitea version (\d+\.\d+\.\d+)/i },
  },
  syft: {
    version: "1.57.1",
    purpose: "makes bills of materials of images",
    versionQuestion: { arguments: ["--version"], answer: /syft (\d+\.\d+\.\d+)/ },
  },
};
