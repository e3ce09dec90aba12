import { expect, test } from "vitest";
import { forEveryStack, matchLive, repositoryBase } from "../../../../runner/commands/init/match.ts";
import { type LiveContainer, liveContainer } from "../../../../runner/targets/ecs/live.ts";
import { liveFunction } from "../../../../runner/targets/lambda/live.ts";

const found = {
  services: [
    { name: "ui", from: "ui/Dockerfile", context: "ui", aliases: [] },
    {
      name: "orders",
      from: "compose.yaml",
      context: "orders",
      aliases: ["worker"],
      platforms: ["linux/amd64"],
    },
    { name: "checkout", from: "checkout/Dockerfile", context: "checkout", aliases: [] },
    { name: "idle", from: "idle/Dockerfile", context: "idle", aliases: [] },
  ],
  notes: ["seen before"],
};

function container(changes: Partial<LiveContainer>) {
  return liveContainer({
    cluster: "shop-dev",
    service: "x",
    container: "app",
    image: "nginx:1",
    architecture: "amd64",
    ...changes,
  });
}

const live = [
  container({
    service: "front-dev",
    image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/ui@sha256:ab",
    architecture: "arm64",
  }),
  container({ service: "front-dev", container: "envoy", image: "envoy:1" }),
  container({ service: "orders-dev", container: "orders" }),
  container({ service: "background", container: "worker" }),
  container({ service: "proxy", image: "haproxy:3" }),
  liveFunction({
    function: "shop-dev-pay",
    image: "r/checkout:1",
    architecture: "arm64",
    aliases: ["prod-traffic"],
  }),
  liveFunction({
    function: "checkout",
    image: "r/other:1",
    architecture: "amd64",
    aliases: ["live", "next"],
  }),
];

test("what runs is matched by image, container or name, and written for every stack", () => {
  const { services } = matchLive(found, live, "dev");
  expect(services.map(({ name, platforms, targets }) => ({ name, platforms, targets }))).toEqual([
    {
      name: "ui",
      platforms: ["linux/arm64"],
      targets: [{ kind: "ecs", cluster: "shop-${stack}", service: "front-${stack}", container: "app" }],
    },
    {
      name: "orders",
      platforms: ["linux/amd64"],
      targets: [
        { kind: "ecs", cluster: "shop-${stack}", service: "orders-${stack}" },
        { kind: "ecs", cluster: "shop-${stack}", service: "background", container: "worker" },
      ],
    },
    {
      name: "checkout",
      platforms: ["linux/amd64", "linux/arm64"],
      targets: [
        { kind: "lambda", function: "shop-${stack}-pay", alias: "prod-traffic" },
        { kind: "lambda", function: "checkout" },
      ],
    },
    { name: "idle", platforms: undefined, targets: undefined },
  ]);
});

test("what runs and is not built here is told", () => {
  expect(matchLive(found, live, "dev").notes).toEqual([
    "seen before",
    "ECS service shop-dev/proxy runs haproxy:3, which no service here builds",
  ]);
});

test.each([
  ["shop-dev", "shop-${stack}"],
  ["dev", "${stack}"],
  ["dev/ui", "${stack}/ui"],
  ["developer-tools", "developer-tools"],
  ["shop", "shop"],
])("%s is %s for every stack", (name, expected) => {
  expect(forEveryStack(name, "dev")).toBe(expected);
});

test.each([
  ["localhost:4566/shop/ui:v1", "ui"],
  ["ui@sha256:ab", "ui"],
  ["localhost:5000/ui", "ui"],
])("the repository of %s is %s", (image, name) => {
  expect(repositoryBase(image)).toBe(name);
});
