import { describe, expect, it } from "vitest";
import { unknownValue } from "../../../../sandbox/provider/property.ts";
import {
  inputsOfState,
  notAppliedKey,
  previewState,
  stateAfterChange,
  stateAfterRead,
} from "../../../../sandbox/provider/state.ts";
import { aType } from "./a-type.ts";

const type = aType();
const surroundings = { region: "eu-central-1", defaultTags: { team: "shop" } };

describe("the state after a change", () => {
  it("says what the emulator took and did not keep, and holds on to what was declared", () => {
    const inputs = { name: "a", members: ["x"] };
    const { outputs, notApplied } = stateAfterChange(
      type,
      { name: "a", tagsAll: { team: "shop" } },
      inputs,
      surroundings,
    );
    expect(notApplied).toEqual(["members"]);
    expect(outputs.members).toEqual(["x"]);
    expect(outputs[notAppliedKey]).toEqual({ members: null });
  });

  it("keeps a document as it was written", () => {
    const { outputs } = stateAfterChange(
      type,
      { documents: '{"a":1}' },
      { documents: '{ "a": 1 }' },
      surroundings,
    );
    expect(outputs.documents).toBe('{ "a": 1 }');
  });

  it("takes what it was not asked to change as AWS has it", () => {
    const live = { name: "a", mutability: "IMMUTABLE", members: ["new"] };
    const inputs = { name: "a", mutability: "MUTABLE", members: ["new"] };
    const { outputs, notApplied } = stateAfterChange(
      type,
      live,
      inputs,
      surroundings,
      {},
      new Set(["members"]),
    );
    expect(notApplied).toEqual([]);
    expect(outputs.mutability).toBe("IMMUTABLE");
  });

  it("forgets what only the state has once it is no longer given", () => {
    const { outputs } = stateAfterChange(type, { name: "a" }, { name: "a" }, surroundings, {
      forceDelete: true,
    });
    expect(outputs.forceDelete).toBeUndefined();
  });

  it("tells own tags from the provider's default tags", () => {
    const live = { tagsAll: { team: "shop", a: "1" } };
    expect(stateAfterChange(type, live, { tags: { a: "1" } }, surroundings).outputs.tags).toEqual({ a: "1" });
  });
});

describe("the state after reading", () => {
  it("stays as declared while the emulator's answer to it stays", () => {
    const previous = { members: ["x"], [notAppliedKey]: { members: null } };
    expect(stateAfterRead(type, {}, previous, surroundings).members).toEqual(["x"]);
    const drifted = stateAfterRead(type, { members: ["y"] }, previous, surroundings);
    expect(drifted.members).toEqual(["y"]);
    expect(drifted[notAppliedKey]).toBeUndefined();
  });

  it("keeps what only the state has", () => {
    expect(stateAfterRead(type, { name: "a" }, { forceDelete: true }, surroundings).forceDelete).toBe(true);
  });
});

describe("the inputs of a state", () => {
  it("are what an import should say: neither defaults nor what AWS fills in", () => {
    const outputs = {
      name: "a",
      mutability: "MUTABLE",
      platformVersion: "1.4.0",
      members: ["x"],
      tags: { a: "1" },
    };
    expect(inputsOfState(type, outputs, {})).toEqual({ name: "a", members: ["x"], tags: { a: "1" } });
  });

  it("follow drift and keep the rest as it was written", () => {
    const before = { name: "a", documents: '{ "a": 1 }', members: ["x"] };
    const outputs = { name: "a", documents: '{"a":1}', members: ["y"], mutability: "IMMUTABLE" };
    expect(inputsOfState(type, outputs, before)).toEqual({
      name: "a",
      documents: '{ "a": 1 }',
      members: ["y"],
      mutability: "IMMUTABLE",
    });
  });
});

describe("a preview", () => {
  it("does not know what AWS will say of something new", () => {
    const outputs = previewState(type, { name: "a" }, undefined, surroundings);
    expect(outputs).toMatchObject({
      arn: unknownValue,
      revision: unknownValue,
      name: "a",
      mutability: "MUTABLE",
    });
  });

  it("knows what an update leaves as it is", () => {
    const outputs = previewState(type, { name: "a" }, { arn: "arn:a", revision: 1 }, surroundings);
    expect(outputs).toMatchObject({ arn: "arn:a", revision: unknownValue });
  });
});
