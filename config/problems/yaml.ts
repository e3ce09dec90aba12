import {
  type Alias,
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
  type YAMLWarning,
} from "yaml";
import type { Problem } from "./errors.ts";
import type { Locate } from "./locate.ts";

/** A checked value with the positions of its keys, or all its problems. */
export type Checked<T> =
  | { readonly value: T; readonly locate?: Locate }
  | { readonly problems: readonly Problem[] };

/** The value of a YAML file, and the positions of its keys. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly locate: Locate;
}

/**
 * How many values a file may unfold to, aliases written out: more than any catalogue has, and little
 * enough for memory. The limit of Go's YAML, which reads compose files and stack files.
 */
const maximumValues = 400_000;

/**
 * Parses YAML strictly: duplicate keys and tabs are errors, with line and column. Anchors, aliases and
 * merge keys (`<<`) are allowed as long as no alias stands inside its own anchor and the file does not
 * unfold without end.
 *
 * @param options.composeTags whether Docker Compose's tags are known: `!reset` removes a key, `!override`
 *   replaces one of an earlier file. Default: any such tag is an error.
 * https://docs.docker.com/reference/compose-file/merge/
 */
export function parseYaml(
  text: string,
  file: string,
  { composeTags = false }: { readonly composeTags?: boolean } = {},
): ParsedYaml | { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: true,
    // Warnings become problems, below.
    logLevel: "error",
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (composeTags)
    visit(document, { Pair: (_, { value }) => (tagOf(value) === "!reset" ? visit.REMOVE : undefined) });
  const tags = document.warnings.filter(
    ({ code, message }) =>
      code === "TAG_RESOLVE_FAILED" && !(composeTags && /!(reset|override)\b/.test(message)),
  );
  const errors = [...document.errors, ...tags];
  if (errors.length > 0) return { problems: syntaxProblems(errors, text, place) };
  const anchors = anchorsOf(document);
  const aliases = aliasProblems(anchors, document, place);
  if (aliases.length > 0) return { problems: aliases };
  if (countValues(document.contents, anchors, new Map()) > maximumValues) {
    return {
      problems: [
        {
          code: "invalid-yaml",
          where: file,
          message: `expands to more than ${maximumValues} values through its aliases`,
          fix: "use fewer nested aliases",
        },
      ],
    };
  }
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  return { value, locate: (path) => place(offsetOf(document, path)) };
}

/** The node of each alias. */
type Anchors = ReadonlyMap<Alias, Node>;

/** One walk for all aliases: `Alias.resolve` walks the document for each. */
function anchorsOf(document: Document): Anchors {
  const named = new Map<string, Node>();
  const found = new Map<Alias, Node>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = named.get(node.source);
        if (target !== undefined) found.set(node, target);
      } else if (node.anchor !== undefined) named.set(node.anchor, node);
    },
  });
  return found;
}

/** How many values a node is, with each alias as many as its anchor. */
function countValues(node: unknown, anchors: Anchors, known: Map<unknown, number>): number {
  const before = known.get(node);
  if (before !== undefined) return before;
  const inside = isAlias(node)
    ? [anchors.get(node)]
    : isMap(node)
      ? node.items.map(({ value }) => value)
      : isSeq(node)
        ? node.items
        : [];
  const count = inside.reduce<number>((sum, one) => sum + countValues(one, anchors, known), 1);
  known.set(node, count);
  return count;
}

const keyFix =
  "put each key on a line of its own, with a space after its colon, and quote a text that has a colon and a space in it";

/** What to do about an error of the parser, where its message says only what it met. */
const syntaxFixes: Partial<Readonly<Record<YAMLParseError["code"], string>>> = {
  BAD_DQ_ESCAPE: "write the backslash twice, or use single quotes",
  BAD_INDENT: "indent the line like the others of its list or map",
  BAD_SCALAR_START: "quote the text",
  BLOCK_AS_IMPLICIT_KEY: keyFix,
  MISSING_CHAR:
    "add what is missing: a closing quote or bracket, a comma, or the space after a colon or dash",
  MULTILINE_IMPLICIT_KEY: keyFix,
  MULTIPLE_DOCS: "keep one document in the file: remove the line with --- and what follows it",
};

function syntaxProblems(
  errors: readonly (YAMLParseError | YAMLWarning)[],
  text: string,
  place: (offset: number) => string,
): Problem[] {
  // Errors after a tab follow from the tab.
  const tabs = errors.filter(({ code }) => code === "TAB_AS_INDENT");
  return (tabs.length > 0 ? tabs : errors).map((error): Problem => {
    const [offset] = error.pos;
    const problem = { code: "invalid-yaml", where: place(offset) } as const;
    switch (error.code) {
      case "TAB_AS_INDENT":
        return { ...problem, message: "this line is indented with a tab", fix: "indent with spaces" };
      case "DUPLICATE_KEY": {
        const value = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(offset))?.[0].trim();
        const message = "this map already has the key";
        return { ...problem, value, message, fix: "remove one of the two, or rename it" };
      }
      case "TAG_RESOLVE_FAILED": {
        const value = /^\S+/.exec(text.slice(offset))?.[0];
        return { ...problem, value, message: "is an unknown YAML tag", fix: "remove the tag" };
      }
      default: {
        // One word: the rest of the line may be what nobody wants in a log.
        const value = /^\S{1,60}/.exec(text.slice(offset))?.[0];
        return {
          ...problem,
          ...(value ? { value } : {}),
          message: error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "is not YAML",
          fix:
            syntaxFixes[error.code] ??
            "check the indentation, quotes and brackets of this line and the one before",
        };
      }
    }
  });
}

function aliasProblems(anchors: Anchors, document: Document, place: (offset: number) => string): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Alias: (_, alias, ancestors) => {
      const target = anchors.get(alias);
      const where = place(alias.range?.[0] ?? 0);
      const problem = { code: "invalid-yaml", where, value: `*${alias.source}` } as const;
      if (target === undefined) {
        const fix = `define &${alias.source} above this line, or write out its value`;
        problems.push({ ...problem, message: "refers to an anchor that is not defined above it", fix });
      } else if (ancestors.includes(target)) {
        problems.push({
          ...problem,
          message: "refers to the anchor that contains it",
          fix: "write out its value",
        });
      }
    },
  });
  return problems;
}

function tagOf(value: unknown): string | undefined {
  return isNode(value) ? value.tag : undefined;
}

/** Where a key stands in the text. A key that is not there has the place of its parent. */
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
