import { functions, resources } from "../../sandbox/provider/registry.ts";
import { between, type GeneratedFile } from "./page.ts";

/**
 * The tables of the sandbox's AWS provider: a row for each resource type and function that it covers. The
 * last column of a resource type comes from its rules. The columns between keep their hand-written text.
 */
export const providerTables: GeneratedFile = {
  path: "docs/reference/sandbox-provider.md",
  render: async (current) => {
    const rows = rowsOf(current);
    const types = await Promise.all(
      Object.entries(resources).map(async ([token, load]) => {
        const [importBy = "", calls = ""] = rows.get(token) ?? [];
        const uncovered = Object.entries((await load()).inputs)
          .filter(([, rule]) => rule === "unsupported")
          .map(([property]) => `\`${property}\``);
        return row(token, importBy, calls, uncovered.join(", "));
      }),
    );
    const calls = Object.keys(functions).map((token) => {
      const [made = "", uncovered = ""] = rows.get(token) ?? [];
      return row(token, made, uncovered);
    });
    const typeTable = ["| type | import by | AWS calls | not covered |", "| --- | --- | --- | --- |"];
    const functionTable = ["| function | AWS calls | not covered |", "| --- | --- | --- |"];
    return between(
      between(current, "resource types", [...typeTable, ...types.toSorted()].join("\n")),
      "functions",
      [...functionTable, ...calls.toSorted()].join("\n"),
    );
  },
};

/** The cells of each row after the first, by the first. */
function rowsOf(page: string): Map<string, string[]> {
  const rows = page.split("\n").flatMap((line) => {
    const token = /^\| `([^`]+)` \|/.exec(line)?.[1];
    const cells = line.split("|").slice(2, -1);
    return token === undefined ? [] : [[token, cells.map((cell) => cell.trim())] as const];
  });
  return new Map(rows);
}

function row(token: string, ...cells: readonly string[]): string {
  return `| \`${token}\` | ${cells.join(" | ")} |`;
}
