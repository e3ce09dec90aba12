import { describe, expect, test } from "vitest";
import { parseChecks } from "../../../builder/checks.ts";
import { type BuildxBuild, buildxArguments } from "../../../builder/request.ts";
import { packDescription, unpackDescription } from "../../../runner/bases/source-record.ts";
import { outputArguments } from "../../../runner/build/buildx.ts";
import { inspected } from "../plan/samples.ts";

const build: BuildxBuild = {
  directory: "/project",
  builder: "slipway-dev",
  context: ".slipway/contexts/ui/context",
  dockerfile: ".slipway/contexts/ui/dockerfile/Dockerfile",
  contexts: { "example.com/base:1": "oci-layout://x@sha256:1" },
  arguments: { TITLE: "a b; $(c)" },
  labels: { "org.opencontainers.image.title": "ui" },
  stage: "run",
  platforms: ["linux/arm64"],
  secrets: { token: "NPM_TOKEN" },
};

describe("a build with buildx", () => {
  test("hands everything over as arguments of their own, and of a secret only its variable", () => {
    expect(buildxArguments(build)).toEqual([
      "--builder",
      "slipway-dev",
      "--file",
      ".slipway/contexts/ui/dockerfile/Dockerfile",
      "--target",
      "run",
      "--build-arg",
      "TITLE=a b; $(c)",
      "--build-context",
      "example.com/base:1=oci-layout://x@sha256:1",
      "--label",
      "org.opencontainers.image.title=ui",
      "--secret",
      "id=token,env=NPM_TOKEN",
    ]);
    expect(buildxArguments({ ...build, builder: undefined, stage: undefined })).not.toContain("--builder");
  });

  test("pushes only when it is told to", () => {
    expect(outputArguments({ kind: "folder", folder: "x" }).join(" ")).not.toMatch(/push/);
    const push = outputArguments({ kind: "push", reference: "r.example/ui:pr-1", environment: {} });
    expect(push.at(-1)).toBe('type=image,"name=r.example/ui:pr-1",push=true,oci-mediatypes=true');
  });

  test("reads the stack's cache where there is one to read", () => {
    const cache = { reference: "r.example/cache:ui-linux-arm64", environment: {} };
    expect(outputArguments({ kind: "folder", folder: "x", cache })).toEqual(
      expect.arrayContaining(["--cache-from", "type=registry,ref=r.example/cache:ui-linux-arm64"]),
    );
    expect(outputArguments({ kind: "folder", folder: "x" })).not.toContain("--cache-from");
  });

  test("reads what the checks say, with lines; nothing when they said nothing that can be read", () => {
    const answer = {
      warnings: [
        {
          ruleName: "StageNameCasing",
          description: "Stage names should be lowercase",
          url: "https://docs.docker.com/go/dockerfile/rule/stage-name-casing/",
          detail: "Stage name 'Run' should be lowercase",
          location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] },
        },
      ],
    };
    expect(parseChecks(JSON.stringify(answer))).toEqual([
      {
        rule: "StageNameCasing",
        line: 3,
        message: "Stage name 'Run' should be lowercase",
        url: "https://docs.docker.com/go/dockerfile/rule/stage-name-casing/",
      },
    ]);
    expect(parseChecks("{}")).toEqual([]);
    expect(parseChecks("ERROR: no builder")).toBeUndefined();
  });
});

test("what an image was built from is kept in a form that can be read again, and anything else is nothing", () => {
  const { description } = inspected("ui");
  expect(unpackDescription(packDescription(description))).toEqual(description);
  expect(unpackDescription("bm90IGd6aXA=")).toBeUndefined();
});
