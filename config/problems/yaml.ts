import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from "yaml";
import type { Problem } from "./errors.ts";
import type { Locate } from "./locate.ts";

/** Either a checked value, and where its keys stand in its file, or everything that is wrong with it. */
export type Checked<T> =
  | { readonly value: T; readonly locate?: Locate }
  | { readonly problems: readonly Problem[] };

/** What a YAML file says, and where it says it. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly locate: Locate;
}

/** How often aliases may multiply what is written, before it is taken for an attack on memory. */
const maximumAliases = 100;

/**
 * Parses YAML strictly: duplicate keys and tabs are errors, with line and column. Anchors, aliases and
 * merge keys (`<<`) are allowed as long as they neither lead back to themselves nor multiply without
 * end.
 */
export function parseYaml(
  text: string,
  file: string,
): ParsedYaml | { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: true });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) return { problems: syntaxProblems(document.errors, text, place) };
  const aliases = aliasProblems(document, place);
  if (aliases.length > 0) return { problems: aliases };
  try {
    const value: unknown = document.toJS({ maxAliasCount: maximumAliases });
    return { value, locate: (path) => place(offsetOf(document, path)) };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return {
      problems: [
        {
          code: "invalid-yaml",
          where: file,
          message: `aliases of aliases make more than ${maximumAliases} times of what is written`,
          fix: "write out what they stand for",
        },
      ],
    };
  }
}

function syntaxProblems(
  errors: readonly YAMLParseError[],
  text: string,
  place: (offset: number) => string,
): Problem[] {
  // A line that is indented by a tab makes nonsense of what follows: that is not worth telling.
  const tabs = errors.filter(({ code }) => code === "TAB_AS_INDENT");
  return (tabs.length > 0 ? tabs : errors).map((error): Problem => {
    const [offset] = error.pos;
    const problem = { code: "invalid-yaml", where: place(offset) };
    switch (error.code) {
      case "TAB_AS_INDENT":
        return { ...problem, message: "a tab indents this line", fix: "indent with spaces" };
      case "DUPLICATE_KEY": {
        const value = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(offset))?.[0].trim();
        const message = "this key is there already, in the same map";
        return { ...problem, value, message, fix: "keep one of the two, or give one another name" };
      }
      default:
        return {
          ...problem,
          message: error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "is not YAML",
        };
    }
  });
}

function aliasProblems(document: Document, place: (offset: number) => string): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Alias: (_, alias, ancestors) => {
      const target = alias.resolve(document);
      const where = place(alias.range?.[0] ?? 0);
      const problem = { code: "invalid-yaml", where, value: `*${alias.source}` };
      if (target === undefined) {
        const fix = `write &${alias.source} before it, or what it stands for`;
        problems.push({ ...problem, message: "there is no such anchor above", fix });
      } else if (ancestors.includes(target)) {
        problems.push({ ...problem, message: "stands inside of what it stands for", fix: "write it out" });
      }
    },
  });
  return problems;
}

/** Where a key stands in the text; without it, its parent. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isNode(key) ? key.toJSON() : key) === String(part));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
