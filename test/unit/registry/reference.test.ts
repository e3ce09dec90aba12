import { expect, test } from "vitest";
import { imageIdOf, parseReference, tokenUrl } from "../../../runner/registry/reference.ts";

const ecr = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const digest = `sha256:${"0".repeat(64)}`;

test.each([
  ["node:24-slim", { registry: "docker.io", repository: "library/node", tag: "24-slim" }],
  ["nginx", { registry: "docker.io", repository: "library/nginx" }],
  ["bitnami/redis", { registry: "docker.io", repository: "bitnami/redis" }],
  ["docker.io/library/alpine:3", { registry: "docker.io", repository: "library/alpine", tag: "3" }],
  ["docker.io/alpine:3", { registry: "docker.io", repository: "library/alpine", tag: "3" }],
  ["ghcr.io/a/b:1", { registry: "ghcr.io", repository: "a/b", tag: "1" }],
  ["localhost:5000/ui", { registry: "localhost:5000", repository: "ui" }],
  [
    "localhost:5000/base/busybox:1.37",
    { registry: "localhost:5000", repository: "base/busybox", tag: "1.37" },
  ],
  ["localhost/x", { registry: "localhost", repository: "x" }],
  [`${ecr}/base:2`, { registry: ecr, repository: "base", tag: "2" }],
  [`${ecr}/shop/ui@${digest}`, { registry: ecr, repository: "shop/ui", digest }],
  [`${ecr}/shop/ui:v1@${digest}`, { registry: ecr, repository: "shop/ui", tag: "v1", digest }],
])("%s is read as Docker reads it", (text, parts) => {
  expect(parseReference(text)).toEqual({ tag: undefined, digest: undefined, ...parts });
});

test.each(["node:$VERSION", "https://example.com/a.git", "node@sha256:00", ""])(
  "%s is not a reference",
  (text) => {
    expect(parseReference(text)).toBeUndefined();
  },
);

test.each([
  [`${ecr}/shop/ui:v1@${digest}`, { imageDigest: digest }],
  [`${ecr}/shop/ui:v1`, { imageTag: "v1" }],
  [`${ecr}/shop/ui`, { imageTag: "latest" }],
])("ECR is asked for %s by its digest, otherwise by its tag", (text, id) => {
  const reference = parseReference(text);
  expect(reference && imageIdOf(reference)).toEqual(id);
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
