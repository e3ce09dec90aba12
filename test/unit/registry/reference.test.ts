import { expect, test } from "vitest";
import { parseReference, tokenUrl } from "../../../runner/registry/reference.ts";

test.each([
  ["node:24-slim", "registry-1.docker.io", "library/node", "24-slim"],
  ["bitnami/redis", "registry-1.docker.io", "bitnami/redis", "latest"],
  ["docker.io/library/alpine:3", "registry-1.docker.io", "library/alpine", "3"],
  ["ghcr.io/a/b:1", "ghcr.io", "a/b", "1"],
  ["localhost:5000/base/busybox:1.37", "localhost:5000", "base/busybox", "1.37"],
  ["localhost/x", "localhost", "x", "latest"],
  [
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com/base:2",
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    "base",
    "2",
  ],
])("%s is read as Docker reads it", (text, host, repository, tag) => {
  expect(parseReference(text)).toEqual({ host, repository, tag });
});

test.each([
  `node@sha256:${"0".repeat(64)}`,
  `node:24@sha256:${"0".repeat(64)}`,
  "node:$VERSION",
  "https://example.com/a.git",
  "",
])("%s is no name that can move", (text) => {
  expect(parseReference(text)).toBeUndefined();
});

test("who has no token is sent where the registry says, and nowhere for other kinds of credentials", () => {
  const challenge =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/node:pull"';
  expect(tokenUrl(challenge)?.href).toBe(
    "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnode%3Apull",
  );
  expect(tokenUrl('Basic realm="https://a"')).toBeUndefined();
  expect(tokenUrl('Bearer realm="nowhere"')).toBeUndefined();
});
