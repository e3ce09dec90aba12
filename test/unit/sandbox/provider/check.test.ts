import { describe, expect, it } from "vitest";
import { checkInputs } from "../../../../sandbox/provider/check.ts";
import { type PropertyBag, unknownValue } from "../../../../sandbox/provider/property.ts";
import { aType } from "./a-type.ts";

const check = (news: PropertyBag, olds: PropertyBag = {}) =>
  checkInputs(aType(), { name: "thing", news, olds, randomSeed: new Uint8Array([1, 2, 3]) });

describe("checking inputs", () => {
  it("refuses a property that does not exist, and says which was meant", () => {
    const [failure] = check({ name: "a", mutabilty: "x" }).failures;
    expect(failure?.property).toBe("mutabilty");
    expect(failure?.reason).toContain('did you mean "mutability"');
  });

  it("refuses a property that is not covered", () => {
    expect(check({ name: "a", kmsKeyId: "k" }).failures).toEqual([
      { property: "kmsKeyId", reason: expect.stringContaining("does not cover it") },
    ]);
  });

  it("refuses an unknown key inside of a property", () => {
    expect(check({ name: "a", scanning: { scanOnPull: true } }).failures[0]?.property).toBe(
      "scanning.scanOnPull",
    );
  });

  it("takes what is absent as not given", () => {
    expect(check({ name: "a", kmsKeyId: null }).failures).toEqual([]);
  });

  it("makes text of a document that is given as an object", () => {
    expect(check({ name: "a", policy: { Version: "2012-10-17" } }).inputs.policy).toBe(
      '{"Version":"2012-10-17"}',
    );
    expect(check({ name: "a", policy: { Resource: unknownValue } }).inputs.policy).toBe(unknownValue);
  });

  it("gives a name of its own to what has none, the same for the same seed, and keeps it", () => {
    const name = check({}).inputs.name;
    expect(name).toMatch(/^thing-[0-9a-f]{7}$/);
    expect(check({}).inputs.name).toBe(name);
    expect(check({}, { name: "thing-0000000" }).inputs.name).toBe("thing-0000000");
  });
});
