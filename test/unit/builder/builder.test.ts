import { describe, expect, test } from "vitest";
import { builderName, builderNodes } from "../../../builder/builder.ts";
import type { Builder } from "../../../config/settings.ts";

const amd64 = { endpoint: "tcp://10.0.0.1:1234", platforms: ["linux/amd64"], options: {} };
const arm64 = {
  endpoint: "tcp://10.0.0.2:1234",
  platforms: ["linux/arm64", "linux/arm/v7"],
  options: { key: "key.pem", cacert: "ca.pem" },
};
const remote = (...nodes: (typeof amd64)[]): Builder => ({ kind: "remote", nodes }) as Builder;

describe("a remote builder", () => {
  test("has one node for each endpoint, for its platforms", () => {
    const [first, second] = builderNodes(remote(amd64, arm64), "dev");
    expect(first?.create).toEqual(["--driver", "remote", "--platform", "linux/amd64", "tcp://10.0.0.1:1234"]);
    expect(second?.create).toEqual([
      "--driver",
      "remote",
      "--platform",
      "linux/arm64,linux/arm/v7",
      "--driver-opt",
      "cacert=ca.pem",
      "--driver-opt",
      "key=key.pem",
      "tcp://10.0.0.2:1234",
    ]);
  });

  test("has nodes whose names tell whether the setting changed", () => {
    const names = (builder: Builder) => builderNodes(builder, "dev").map((node) => node.name);
    expect(names(remote(amd64, arm64))).toEqual(names(remote(amd64, arm64)));
    expect(names(remote({ ...amd64, endpoint: "tcp://10.0.0.9:1234" }))).not.toEqual(names(remote(amd64)));
    for (const name of names(remote(amd64, arm64))) expect(name).toMatch(/^[a-z0-9]+$/);
  });
});

test("a Kubernetes builder is one node, with the driver's options", () => {
  const builder: Builder = {
    kind: "kubernetes",
    namespace: "builds",
    replicas: 2,
    platforms: ["linux/amd64", "linux/arm64"],
    options: { nodeselector: "pool=builds" },
  };
  expect(builderNodes(builder, "dev")[0]?.create).toEqual([
    "--driver",
    "kubernetes",
    "--platform",
    "linux/amd64,linux/arm64",
    "--driver-opt",
    "namespace=builds",
    "--driver-opt",
    "nodeselector=pool=builds",
    "--driver-opt",
    "replicas=2",
  ]);
});

test.each<[Builder, string | undefined]>([
  [{ kind: "default" }, undefined],
  [{ kind: "buildx", name: "ours" }, "ours"],
  [remote(amd64), "slipway-dev"],
])("%j is called %s", (builder, name) => {
  expect(builderName(builder, "dev")).toBe(name);
});

test("builders that are not ours have no nodes to make", () => {
  expect(builderNodes({ kind: "buildx", name: "ours" }, "dev")).toEqual([]);
});
