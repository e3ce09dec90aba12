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
    ["duplicate keys", "a: 1\na: 2\n", "services.yaml:2:1", /already has the key/],
    ["tabs", "a:\n\tb: 1\n", "services.yaml:2:1", /[Tt]ab/],
    ["two documents", "a: 1\n---\nb: 2\n", "services.yaml:2:1", /multiple documents/],
    ["an unclosed bracket", "a: [1\nb: 2\n", "services.yaml:2:1", /./],
    ["an alias of nothing", "a:\n  b: *gone\n", "services.yaml:2:6", /not defined above/],
    ["an alias inside of its anchor", "a: &a\n  - *a\n", "services.yaml:2:5", /the anchor that contains it/],
  ])("is refused for %s, with line and column", (_, text, where, message) => {
    const found = problems(text);
    expect(found.map((problem) => problem.where)).toContain(where);
    expect(found.map((problem) => problem.message).join("\n")).toMatch(message);
  });

  test.each([
    ["a: b: c\n", "b:", /^put each key on a line/],
    ["a: 1\n---\nb: 2\n", "---", /^keep one document/],
    ["a: [1\nb: 2\n", "b:", /^(add what is missing|indent)/],
    ['a: "\\q"\n', '\\q"', /^write the backslash twice/],
    ["a: @b\n", "@b", /^quote the text/],
    ["- a\nb: 1\n", "b:", /./],
  ])("of wrong syntax is told with its first word and what to do: %j", (text, value, fix) => {
    const found = problems(text);
    expect(found).not.toEqual([]);
    for (const problem of found) expect(problem.fix).toMatch(/./);
    expect(found).toContainEqual(expect.objectContaining({ value, fix: expect.stringMatching(fix) }));
  });

  test("names the key that is there twice", () => {
    expect(problems("services:\n  'the ui': 1\n  'the ui': 2\n")).toEqual([
      {
        code: "invalid-yaml",
        where: "services.yaml:3:3",
        value: "'the ui'",
        message: "this map already has the key",
        fix: "remove one of the two, or rename it",
      },
    ]);
  });

  test("tells of a tab that indents a line, and not of what follows from it", () => {
    expect(problems("a:\n  x: 1\n\ty: 2\nb:\n  z: [\n")).toMatchObject([
      { where: "services.yaml:3:1", message: "this line is indented with a tab", fix: "indent with spaces" },
    ]);
  });

  test("of aliases that multiply without end is refused, not unfolded", () => {
    const nine = (of: string) => `[${Array(9).fill(of).join(", ")}]`;
    const levels = ["b", "c", "d", "e", "f"].map(
      (name, index) => `${name}: &${name} ${nine(`*${"abcde"[index]}`)}`,
    );
    const found = problems(`a: &a ${nine("x")}\n${levels.join("\n")}\n`);
    expect(found).toMatchObject([{ code: "invalid-yaml", where: "services.yaml" }]);
    expect(found[0]?.message).toContain("expands to more than");
  });

  test("may use one anchor hundreds of times, in merge keys as well", () => {
    const uses = Array.from({ length: 600 }, (_, i) => `  s${i}: { p: *p, <<: *m }`).join("\n");
    const { value } = parsed(`x: &p [a, b]\ny: &m { d: { q: *p } }\nz:\n${uses}\n`);
    expect((value as { z: Record<string, unknown> }).z.s599).toEqual({ p: ["a", "b"], d: { q: ["a", "b"] } });
  });

  test.each([
    ["a byte order mark and CRLF", "\uFEFFa:\r\n  b: 1\r\n", { a: { b: 1 } }],
    ["nothing but comments", "# nothing yet\n", null],
  ])("is read with %s", (_, text, value) => {
    expect(parsed(text).value).toEqual(value);
  });

  test("with a tag that nobody knows is refused, and Docker Compose's tags are known in its files", () => {
    const text = "a: !reset null\nb: !reset [1]\nc: !override [2]\nd: 3\n";
    expect(problems(text).map(({ where, value }) => [where, value])).toEqual([
      ["services.yaml:1:4", "!reset"],
      ["services.yaml:2:4", "!reset"],
      ["services.yaml:3:4", "!override"],
    ]);
    expect(parseYaml(text, "compose.yaml", { composeTags: true })).toMatchObject({ value: { c: [2], d: 3 } });
    expect(parseYaml(text, "compose.yaml", { composeTags: true })).not.toHaveProperty("value.a");
    expect(parseYaml("a: !gone 1\n", "compose.yaml", { composeTags: true })).toHaveProperty("problems");
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
