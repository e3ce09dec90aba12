import type { Architecture } from "../machine.ts";
import type { Rung } from "../rung.ts";
import { type ToolName, tools } from "../tools.ts";

const version = (name: ToolName) => tools[name].version;
const systemFolders = ["/usr/sbin", "/sbin"];

/** What runs containers, AWS's part of it included, and what their images are made of. */
export const containers = {
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
} satisfies Partial<Readonly<Record<ToolName, readonly Rung[]>>>;

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
