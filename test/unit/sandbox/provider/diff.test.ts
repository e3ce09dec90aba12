import { describe, expect, it } from "vitest";
import { diffResource } from "../../../../sandbox/provider/diff.ts";
import { type PropertyBag, unknownValue } from "../../../../sandbox/provider/property.ts";
import { aType } from "./a-type.ts";

const paths = (previous: PropertyBag, wanted: PropertyBag, options = {}) =>
  diffResource(aType(), previous, wanted, options).changes.map(({ path, kind }) => `${kind} ${path}`);

describe("a difference", () => {
  it.each<[string, PropertyBag, PropertyBag, string[]]>([
    ["an equal value", { name: "a" }, { name: "a" }, []],
    ["another value", { mutability: "MUTABLE" }, { mutability: "IMMUTABLE" }, ["update mutability"]],
    ["nothing said where AWS has its default", { mutability: "MUTABLE" }, {}, []],
    ["nothing said where AWS has something else", { mutability: "IMMUTABLE" }, {}, ["update mutability"]],
    ["nothing said where whatever AWS has is right", { platformVersion: "1.4.0" }, {}, []],
    [
      "documents written differently",
      { documents: '{"a":1,"b":[2]}' },
      { documents: '{ "b": [2], "a": 1 }' },
      [],
    ],
    ["documents that differ", { documents: '{"a":1}' }, { documents: '{"a":2}' }, ["update documents"]],
    ["a policy with a list of one", { policy: '{"Action":"x"}' }, { policy: '{"Action":["x"]}' }, []],
    ["a policy in another order", { policy: '{"Action":["x","y"]}' }, { policy: '{"Action":["y","x"]}' }, []],
    ["a set in another order", { members: ["a", "b"] }, { members: ["b", "a"] }, []],
    ["a set with another member", { members: ["a"] }, { members: ["a", "c"] }, ["update members"]],
    [
      "a nested value",
      { scanning: { scanOnPush: true } },
      { scanning: { scanOnPush: false } },
      ["update scanning.scanOnPush"],
    ],
    ["something given first", {}, { scanning: { scanOnPush: true } }, ["add scanning"]],
    ["something no longer given", { members: ["a"] }, {}, ["delete members"]],
    ["an unknown value", { mutability: "MUTABLE" }, { mutability: unknownValue }, ["update mutability"]],
  ])("is found rightly for %s", (_name, previous, wanted, expected) => {
    expect(paths(previous, wanted)).toEqual(expected);
  });

  it("counts a tag that comes from the provider's default tags as given", () => {
    const previous = { tagsAll: { team: "shop", a: "1" }, tags: { a: "1" } };
    expect(paths(previous, { tags: { a: "1" } }, { defaultTags: { team: "shop" } })).toEqual([]);
    expect(paths(previous, { tags: { a: "2" } }, { defaultTags: { team: "shop" } })).toEqual([
      "update tags.a",
    ]);
    expect(paths(previous, { tags: { a: "1" } }, { defaultTags: {} })).toEqual(["delete tagsAll.team"]);
  });

  it("quotes what is not an identifier in a path", () => {
    expect(paths({ tagsAll: {} }, { tags: { "slipway:service": "ui" } })).toEqual([
      'add tags["slipway:service"]',
    ]);
  });

  it("leaves out what is ignored, and what is inside of it", () => {
    const wanted = { mutability: "IMMUTABLE", scanning: { scanOnPush: true } };
    const previous = { mutability: "MUTABLE", scanning: { scanOnPush: false } };
    expect(paths(previous, wanted, { ignoreChanges: ["mutability"] })).toEqual([
      "update scanning.scanOnPush",
    ]);
    expect(paths(previous, wanted, { ignoreChanges: ["scanning", "mutability"] })).toEqual([]);
  });
});

describe("a replacement", () => {
  it("is asked for by a property that can't be changed", () => {
    const { replaces, deleteBeforeReplace } = diffResource(aType(), { name: "a" }, { name: "b" });
    expect({ replaces, deleteBeforeReplace }).toEqual({ replaces: ["name"], deleteBeforeReplace: false });
  });

  it("takes the old one away first when the new one has its name", () => {
    const type = aType({ inputs: { name: "replace", path: "replace" } });
    const diff = diffResource(type, { name: "a", path: "/" }, { name: "a", path: "/b/" });
    expect(diff).toMatchObject({ replaces: ["path"], deleteBeforeReplace: true });
  });

  it("takes the old one away first when the type says so", () => {
    const type = aType({ inputs: { policy: "replace" }, deleteBeforeReplace: true });
    expect(diffResource(type, { policy: "a" }, { policy: "b" }).deleteBeforeReplace).toBe(true);
  });

  it("is what every change is for a type without an update, but not for what only the state has", () => {
    const { update: _none, ...withoutUpdate } = aType();
    const diff = diffResource(
      withoutUpdate,
      { mutability: "MUTABLE" },
      { mutability: "IMMUTABLE", forceDelete: true },
    );
    expect(diff.replaces).toEqual(["mutability"]);
    expect(diff.changed).toEqual(new Set(["forceDelete", "mutability"]));
  });
});
