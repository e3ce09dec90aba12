import { describe, expect, test } from "vitest";
import { stateIn } from "../../../runner/stack/state.ts";

const stash = (name: string, input: unknown) => ({
  urn: `urn:pulumi:dev::slipway::pulumi:index:Stash::${name}`,
  type: "pulumi:index:Stash",
  inputs: { input },
});
const topic = { urn: "urn:pulumi:dev::slipway::aws:sns/topic:Topic::alerts", inputs: { name: "alerts" } };

describe("what a stack declares, by its state", () => {
  test.each([
    [
      "what both notes say",
      [topic, stash("declaration-begun", "a"), stash("declaration-complete", "a")],
      "a",
    ],
    [
      "unknown when an update failed",
      [stash("declaration-begun", "b"), stash("declaration-complete", "a")],
      undefined,
    ],
    ["unknown when the first update failed", [stash("declaration-begun", "b"), topic], undefined],
    ["unknown in a stack that an older Slipway brought up", [topic], undefined],
    ["unknown in a new stack", undefined, undefined],
  ])("is %s", (_, resources, declaration) => {
    expect(stateIn({ version: 3, deployment: { manifest: {}, resources } }).declaration).toBe(declaration);
  });
});

test("a stack that was never brought up declares nothing", () => {
  expect(stateIn({ version: 3, deployment: null })).toEqual({ declaration: undefined, packages: {} });
});

test("the packages of a stack are those of its providers, with their versions", () => {
  const provider = (of: string, inputs?: object) => ({
    urn: `urn:pulumi:dev::slipway::pulumi:providers:${of}::default`,
    ...(inputs && { inputs }),
  });
  const resources = [provider("aws", { version: "7.48.0", region: "x" }), topic, provider("docker-build")];
  expect(stateIn({ deployment: { resources } }).packages).toEqual({ aws: "7.48.0", "docker-build": "" });
});
