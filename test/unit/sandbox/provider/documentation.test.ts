import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { functions, resources } from "../../../../sandbox/provider/registry.ts";

const page = await readFile(
  join(import.meta.dirname, "../../../../docs/reference/sandbox-provider.md"),
  "utf8",
);
const rows = new Map(page.split("\n").map((line) => [/^\| `([^`]+)`/.exec(line)?.[1] ?? "", line]));

describe("docs/reference/sandbox-provider.md", () => {
  it.each(Object.entries(resources))("says what of %s is not covered", async (token, load) => {
    const uncovered = Object.entries((await load()).inputs)
      .filter(([, rule]) => rule === "unsupported")
      .map(([property]) => `\`${property}\``);
    expect(rows.get(token)?.split("|").at(-2)?.trim()).toBe(uncovered.join(", "));
  });

  it("lists every function", () => {
    expect([...rows.keys()]).toEqual(expect.arrayContaining(Object.keys(functions)));
  });
});
