import { expect, test } from "vitest";
import { baseReferences, movedBases, pinnedBases } from "../../../runner/bases/base-images.ts";
import { showWhy } from "../../../runner/commands/why/show.ts";
import type { SourceDescription } from "../../../source/describe.ts";

const description: SourceDescription = {
  scheme: "test",
  dockerfile: "",
  baseImages: ["node:24", "busybox:1.37", "base", `alpine@sha256:${"0".repeat(64)}`, "a:$MISSING"],
  context: [],
  namedContexts: {},
  remoteContexts: {
    "busybox:1.37": "${registry}/base/busybox:1.37",
    tools: "docker-image://ghcr.io/acme/tools:2",
    proto: "https://example.com/proto.git",
    "replaced:1": "not/in-the-dockerfile:1",
  },
  needs: { base: { service: "base", sourceHash: "0" } },
  extraInputs: [],
  stage: null,
  arguments: {},
  secrets: [],
  platforms: [],
  salt: null,
};

test("a build's base images are those whose names can move, where they are taken from", () => {
  expect(baseReferences(description, "localhost:5000")).toEqual({
    "node:24": "node:24",
    "busybox:1.37": "localhost:5000/base/busybox:1.37",
    tools: "ghcr.io/acme/tools:2",
  });
});

test("a context's name is the image's, however the Dockerfile writes it", () => {
  const written = {
    ...description,
    baseImages: ["docker.io/library/alpine:latest", "base:latest", "node"],
    remoteContexts: { alpine: "docker-image://mirror/alpine:3", "docker.io/library/node": "mirror/node:1" },
  };
  expect(baseReferences(written, "localhost:5000")).toEqual({
    alpine: "mirror/alpine:3",
    "docker.io/library/alpine:latest": "mirror/alpine:3",
    node: "mirror/node:1",
  });
});

test("a base image has moved when both digests are known and differ", () => {
  const bases = { a: "a:1", b: "b:1", c: "c:1", d: "d:1" };
  const moved = movedBases(bases, { a: "1", b: "1", c: "1" }, { a: "1", b: "2", d: "2" });
  expect(moved).toEqual([{ name: "b", reference: "b:1", from: "1", to: "2" }]);
});

test("why tells of it apart from what changed in the source", () => {
  const text = showWhy({
    version: 1,
    kind: "why",
    service: "ui",
    stack: "dev",
    built: true,
    against: { kind: "image", what: "released last", digest: `sha256:${"a".repeat(64)}` },
    changes: [],
    movedBases: [
      {
        name: "busybox:1.37",
        reference: "localhost:5000/base/busybox:1.37",
        from: "sha256:1",
        to: "sha256:2",
      },
    ],
  });
  expect(text.split("\n")).toEqual([
    "ui: nothing changed since sha256:aaaaaaaaaaaa (released last)",
    "the tag of its base image busybox:1.37 (localhost:5000/base/busybox:1.37) has moved since the build:",
    "  sha256:1 then",
    "  sha256:2 now",
    "a base image that moved does not change the source; slipway outdated --rebuild builds the service again",
    "the registry has an image of the current source",
  ]);
});

test("a base image is pinned when it has both a tag and a digest", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const baseImages = ["node:24", `node@${digest}`, `ghcr.io/acme/tools:2@${digest}`];
  expect(pinnedBases({ baseImages })).toEqual({
    [`ghcr.io/acme/tools:2@${digest}`]: { reference: "ghcr.io/acme/tools:2", digest },
  });
});
