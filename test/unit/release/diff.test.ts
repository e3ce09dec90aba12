import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffFacts, factsOf, hideValue } from "../../../runner/release/diff.ts";
import { allKinds } from "../../../runner/targets/kinds.ts";

const hiddenFields = allKinds().flatMap(({ settings }) => settings?.hiddenFields ?? []);
const facts = (document: unknown) => factsOf(document, hiddenFields, hideValue);

describe("what two releases differ in", () => {
  it("is what one of them has only, or has otherwise", () => {
    expect(diffFacts({ commit: "a", cpu: "256", gone: "x" }, { commit: "a", cpu: "512", come: "y" })).toEqual(
      [
        { field: "cpu", before: "256", after: "512" },
        { field: "gone", before: "x" },
        { field: "come", after: "y" },
      ],
    );
  });

  it("is nothing for the same, and the same the other way round", () => {
    const documents = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(documents, documents, (one, other) => {
        expect(diffFacts(one, one)).toEqual([]);
        const back = diffFacts(other, one).map(({ field, before, after }) => [field, after, before]);
        const forth = diffFacts(one, other).map(({ field, before, after }) => [field, before, after]);
        expect(new Map(back.map(([field, ...rest]) => [field, rest]))).toEqual(
          new Map(forth.map(([field, ...rest]) => [field, rest])),
        );
      }),
    );
  });
});

describe("a task definition as facts", () => {
  it("calls members of lists by their names, whatever their order", () => {
    const one = {
      containerDefinitions: [
        { name: "ui", cpu: 10 },
        { name: "log", cpu: 5, links: null },
      ],
    };
    const other = {
      containerDefinitions: [
        { name: "log", cpu: 5 },
        { name: "ui", cpu: 20 },
      ],
    };
    expect(diffFacts(facts(one), facts(other))).toEqual([
      { field: "containerDefinitions[ui].cpu", before: "10", after: "20" },
    ]);
  });

  it("says that a variable changed, and not what it was", () => {
    const definition = (value: string) => ({
      containerDefinitions: [{ name: "ui", environment: [{ name: "PASSWORD", value }] }],
    });
    const [difference, ...others] = diffFacts(facts(definition("hunter2")), facts(definition("hunter3")));
    expect(others).toEqual([]);
    expect(difference?.field).toBe("containerDefinitions[ui].environment[PASSWORD].value");
    expect(JSON.stringify(difference)).not.toContain("hunter");
    const lambda = (value: string) => ({ Environment: { Variables: { PASSWORD: value } }, MemorySize: 128 });
    const changed = diffFacts(facts(lambda("hunter2")), facts(lambda("hunter3")));
    expect(changed).toHaveLength(1);
    expect(JSON.stringify(changed)).not.toContain("hunter");
  });
});
