import { describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../../config/catalogue/catalogue.ts";
import { neededBy, needsProblems, withNeeded } from "../../../../config/description/needs.ts";

function catalogue(services: Record<string, object>, sharedPaths: unknown[] = []) {
  const written = Object.fromEntries(
    Object.entries(services).map(([name, one]) => [name, { context: name, ...one }]),
  );
  return resolveCatalogue(catalogueSchema.parse({ services: written, sharedPaths }), "dev");
}

describe("services that are built from others", () => {
  test("see the other's image as a context of its name, or of the one that they give it", () => {
    const { services } = catalogue({
      base: {},
      ui: { needs: ["base"] },
      api: { needs: ["base"], contexts: { "example.com/base:1": "service://base" } },
    });
    expect(services.map(({ contexts }) => contexts)).toEqual([
      {},
      { base: "service://base" },
      { "example.com/base:1": "service://base" },
    ]);
    expect(services.map(neededBy)).toEqual([[], ["base"], ["base"]]);
  });

  test("come after what they need, which comes though nobody asked for it", () => {
    const { services } = catalogue({ ui: { needs: ["web"] }, web: { needs: ["base"] }, base: {}, other: {} });
    const [ui] = services;
    expect(withNeeded(ui === undefined ? [] : [ui], services).map(({ name }) => name)).toEqual([
      "base",
      "web",
      "ui",
    ]);
  });

  test("are refused in a circle, which is named", () => {
    const circle = catalogue({ a: { needs: ["b"] }, b: { needs: ["c"] }, c: { needs: ["b"] }, d: {} });
    expect(needsProblems(circle).map(({ message }) => message)).toEqual([
      "services are built from each other in a circle: b → c → b",
    ]);
    expect(needsProblems(catalogue({ a: { needs: ["a"] } }))[0]?.message).toBe("a is built from itself");
  });

  test("are refused for a service that is not there, with the nearest one, and for platforms that it lacks", () => {
    const [unknown] = needsProblems(catalogue({ base: {}, ui: { needs: ["bsae"] } }));
    expect(unknown).toMatchObject({
      code: "unknown-service",
      key: "services.ui.needs",
      fix: 'did you mean "base"? (there are: base)',
    });
    const renamed = catalogue({ base: {}, ui: { contexts: { alpine: "service://bsae" } } });
    expect(needsProblems(renamed)[0]).toMatchObject({ key: "services.ui.contexts.alpine" });
    const alike = catalogue({ base: {}, ui: { contexts: { bsae: "service://bsae" } } });
    expect(needsProblems(alike)[0]).toMatchObject({ key: "services.ui.contexts.bsae" });
    const lacking = catalogue({ base: { platforms: ["linux/amd64"] }, ui: { needs: ["base"] } });
    expect(needsProblems(lacking)[0]).toMatchObject({ code: "missing-platform" });
  });
});

describe("shared paths", () => {
  test("are extra inputs of every service, or of those that are named", () => {
    const { services } = catalogue({ ui: { extraInputs: ["VERSION"] }, api: {} }, [
      "tools/**",
      { path: "proto", services: ["api"] },
    ]);
    expect(services.map(({ extraInputs }) => extraInputs)).toEqual([
      ["VERSION", "tools/**"],
      ["tools/**", "proto"],
    ]);
  });
});
