import { describe, expect, test } from "vitest";
import { type ParsedYaml, parseYaml } from "../../../../config/problems/yaml.ts";

function parsed(text: string): ParsedYaml {
  const result = parseYaml(text, "services.yaml");
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result;
}

function problems(text: string) {
  const result = parseYaml(text, "services.yaml");
  return "problems" in result ? result.problems : [];
}

describe("YAML", () => {
  test("may use anchors, aliases and merge keys", () => {
    const { value } = parsed("a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\n");
    expect(value).toEqual({ a: { x: 1, y: 2 }, b: { x: 1, y: 2 }, c: { x: 1, y: 3 } });
  });

  test.each([
    ["duplicate keys", "a: 1\na: 2\n", "services.yaml:2:1", /there already/],
    ["tabs", "a:\n\tb: 1\n", "services.yaml:2:1", /[Tt]ab/],
    ["two documents", "a: 1\n---\nb: 2\n", "services.yaml:2:1", /multiple documents/],
    ["an unclosed bracket", "a: [1\nb: 2\n", "services.yaml:2:1", /./],
    ["an alias of nothing", "a:\n  b: *gone\n", "services.yaml:2:6", /no such anchor/],
    ["an alias inside of its anchor", "a: &a\n  - *a\n", "services.yaml:2:5", /inside of what/],
  ])("is refused for %s, with line and column", (_, text, where, message) => {
    const found = problems(text);
    expect(found.map((problem) => problem.where)).toContain(where);
    expect(found.map((problem) => problem.message).join("\n")).toMatch(message);
  });

  test("names the key that is there twice", () => {
    expect(problems("services:\n  'the ui': 1\n  'the ui': 2\n")).toEqual([
      {
        code: "invalid-yaml",
        where: "services.yaml:3:3",
        value: "'the ui'",
        message: "this key is there already, in the same map",
        fix: "keep one of the two, or give one another name",
      },
    ]);
  });

  test("tells of a tab that indents a line, and not of what follows from it", () => {
    expect(problems("a:\n  x: 1\n\ty: 2\nb:\n  z: [\n")).toMatchObject([
      { where: "services.yaml:3:1", message: "a tab indents this line", fix: "indent with spaces" },
    ]);
  });

  test("of aliases that multiply without end is refused, not unfolded", () => {
    const nine = (of: string) => `[${Array(9).fill(of).join(", ")}]`;
    const levels = ["b", "c", "d", "e", "f"].map(
      (name, index) => `${name}: &${name} ${nine(`*${"abcde"[index]}`)}`,
    );
    const found = problems(`a: &a ${nine("x")}\n${levels.join("\n")}\n`);
    expect(found).toMatchObject([{ code: "invalid-yaml", where: "services.yaml" }]);
    expect(found[0]?.message).toContain("aliases of aliases");
  });

  test("nested without end is an error and no crash", () => {
    expect(problems("[".repeat(50_000)).map(({ code }) => code)).toContain("invalid-yaml");
  });

  test("knows where each key is: in maps, in lists, through aliases, or the nearest above it", () => {
    const { locate } = parsed("services:\n  ui: &ui\n    platforms:\n      - linux/vax\n  cart: *ui\n");
    expect(locate(["services", "ui"])).toBe("services.yaml:2:3");
    expect(locate(["services", "ui", "platforms", 0])).toBe("services.yaml:4:9");
    expect(locate(["services", "cart", "platforms", 0])).toBe("services.yaml:4:9");
    expect(locate(["services", "ui", "context"])).toBe("services.yaml:2:3");
    expect(locate([])).toBe("services.yaml:1:1");
  });
});
