import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import type { CodeEntry } from "../../../config/problems/codes/entry.ts";
import { allCodeGroups } from "../../../docs/generate/errors.ts";

const root = join(import.meta.dirname, "../../..");
const all: Readonly<Record<string, CodeEntry>> = Object.assign({}, ...Object.values(allCodeGroups));

/** What the code says of codes: where each stands as a text, and what `new UserError` exits with. */
const used = new Set<string>();
const exits: { readonly code: string; readonly exit: number; readonly file: string }[] = [];

beforeAll(async () => {
  for (const room of ["builder", "config", "infra", "runner", "sandbox", "source"]) {
    for (const name of await readdir(join(root, room), { recursive: true })) {
      const file = join(room, name);
      if (!name.endsWith(".ts") || /^config\/problems\/codes|^sandbox\/codes\.ts$/.test(file)) continue;
      visit(
        ts.createSourceFile(file, await readFile(join(root, file), "utf8"), ts.ScriptTarget.Latest),
        file,
      );
    }
  }
});

function visit(node: ts.Node, file: string): void {
  if (ts.isStringLiteral(node)) used.add(node.text);
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "UserError") {
    const [problem, options] = node.arguments ?? [];
    const code = literalOf(problem, "code");
    if (code !== undefined) exits.push({ code, exit: Number(literalOf(options, "exitCode") ?? 2), file });
  }
  ts.forEachChild(node, (child) => visit(child, file));
}

/** The literal that an object's text gives a property. */
function literalOf(node: ts.Node | undefined, property: string): string | undefined {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return undefined;
  for (const each of node.properties) {
    if (!ts.isPropertyAssignment(each) || !ts.isIdentifier(each.name) || each.name.text !== property)
      continue;
    if (ts.isStringLiteral(each.initializer) || ts.isNumericLiteral(each.initializer)) {
      return each.initializer.text;
    }
  }
  return undefined;
}

describe("the tables of codes", () => {
  test("have no code that is nowhere in use", () => {
    expect(Object.keys(all).filter((code) => !used.has(code))).toEqual([]);
  });

  test("have each code once", () => {
    const codes = Object.values(allCodeGroups).flatMap((group) => Object.keys(group));
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  });

  test.each(Object.entries(all))(
    "say of %s what it means and what to do, in a sentence each",
    (code, entry) => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(entry.meaning).toMatch(/^[A-Z`].*\.$/s);
      expect(entry.fix).toMatch(/^[A-Z`].*\.$/s);
      expect(`${entry.meaning}${entry.fix}`).not.toMatch(/[|\n]/);
    },
  );

  test("say the exit codes that errors are thrown with", () => {
    expect(exits.length).toBeGreaterThan(50);
    expect(exits.filter(({ code, exit }) => !all[code]?.exits.some((known) => known === exit))).toEqual([]);
  });
});
