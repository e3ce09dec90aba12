import type { Rung } from "../rung.ts";
import { type ToolName, tools } from "../tools.ts";

const version = (name: ToolName) => tools[name].version;
const pluginFolders = ["/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"].map(
  (folder) => `${folder}/docker/cli-plugins`,
);

/** The engine and its language host come in one archive. */
const engineRelease = {
  kind: "github-release",
  repository: "pulumi/pulumi",
  tag: `v${version("pulumi")}`,
  asset: {
    amd64: `pulumi-v${version("pulumi")}-linux-x64.tar.gz`,
    arm64: `pulumi-v${version("pulumi")}-linux-arm64.tar.gz`,
  },
} as const;

/** What builds images and pushes them: Pulumi's engine, BuildKit and buildx. */
export const images = {
  pulumi: [
    {
      kind: "installed",
      command: "pulumi",
      range: { atLeast: "3.200.0", below: "4.0.0" },
      why: "your own engine, with its language host beside it",
    },
    {
      ...engineRelease,
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
      ...engineRelease,
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
} satisfies Partial<Readonly<Record<ToolName, readonly Rung[]>>>;
