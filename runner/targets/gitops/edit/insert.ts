import { isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import type { Change } from "./change.ts";
import type { Manifest } from "./manifest.ts";
import { asPlain } from "./scalar.ts";

/** Keys and values of what is inserted, in their order. */
export type Entries = readonly (readonly [key: string, value: string])[];

/** Adds keys at the end of a map, in the style of the file. */
export function appendPairs({ text }: Manifest, map: YAMLMap, at: string, entries: Entries): Change {
  const expected = entries.flatMap((_, index) => {
    const position = map.items.length + index;
    return [{ at: `${at}/${position}?` }, { at: `${at}/${position}=` }];
  });
  if (map.flow === true) return { ...insideFlow(text, map, inline(entries)), expected };
  const indent = " ".repeat(columnOf(text, startOf(map)));
  const lines = entries.map(([key, value]) => `${lineEnd(text)}${indent}${key}: ${asPlain(value)}`);
  return { ...after(text, map, lines.join("")), expected };
}

/** Adds a map at the end of a list, in the style of the file. */
export function appendItem({ text }: Manifest, list: YAMLSeq, at: string, entries: Entries): Change {
  const expected = [{ at: `${at}/${list.items.length}` }];
  const last = list.items.at(-1) as Node | undefined;
  if (list.flow === true || last === undefined) {
    return { ...insideFlow(text, list, `{${inline(entries)}}`), expected };
  }
  const start = startOf(last);
  const dash = text.lastIndexOf("-", start - 1);
  const column = columnOf(text, dash);
  const inner = isMap(last) && last.flow !== true && start > dash ? columnOf(text, start) : column + 2;
  return { ...after(text, list, itemLines(text, entries, column, inner)), expected };
}

/** Adds a list with one map to the map at the top of a document, in the style of the document's other lists. */
export function appendList(
  { text }: Manifest,
  top: YAMLMap,
  at: string,
  key: string,
  entries: Entries,
): Change {
  const known = top.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  const position = known === -1 ? top.items.length : known;
  const expected = [{ at: `${at}/${position}?` }, { at: `${at}/${position}=` }];
  const column = listColumn(text, top);
  const items = itemLines(text, entries, column, column + 2);
  if (known === -1) return { ...after(text, top, `${lineEnd(text)}${key}:${items}`), expected };
  const name = top.items[known]?.key as Node | undefined;
  const end = endOfLine(text, name?.range?.[1] ?? 0);
  return { start: end, end, text: items, expected };
}

function itemLines(text: string, entries: Entries, column: number, inner: number): string {
  const eol = lineEnd(text);
  const indent = " ".repeat(inner);
  return entries
    .map(([key, value], index) => {
      const before = index === 0 ? `${" ".repeat(column)}-${" ".repeat(inner - column - 1)}` : indent;
      return `${eol}${before}${key}: ${asPlain(value)}`;
    })
    .join("");
}

/** The column of the dashes of a document's first list that is written line by line; default: 0. */
function listColumn(text: string, top: YAMLMap): number {
  for (const { value } of top.items) {
    if (!isSeq(value) || value.flow === true) continue;
    const [first] = value.items as Node[];
    if (first !== undefined) return columnOf(text, text.lastIndexOf("-", startOf(first) - 1));
  }
  return 0;
}

function inline(entries: Entries): string {
  return entries.map(([key, value]) => `${key}: ${asPlain(value)}`).join(", ");
}

function insideFlow(text: string, node: YAMLMap | YAMLSeq, inner: string) {
  const last = node.items.at(-1);
  if (last === undefined) {
    const start = startOf(node) + 1;
    return { start, end: start, text: inner };
  }
  const end = lastContent(text, node, (node.range?.[1] ?? 0) - 1);
  const comma = text[end - 1] === "," ? " " : ", ";
  return { start: end, end, text: `${comma}${inner}` };
}

/** An insertion behind the last line of a node, and behind a comment on that line. */
function after(text: string, node: Node, inserted: string) {
  const end = endOfLine(text, lastContent(text, node, node.range?.[1] ?? text.length));
  return { start: end, end, text: inserted };
}

function lastContent(text: string, node: Node, end: number): number {
  const start = startOf(node);
  return start + text.slice(start, end).trimEnd().length;
}

function endOfLine(text: string, from: number): number {
  const end = text.slice(from).search(/\r?\n/);
  return end === -1 ? text.length : from + end;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function columnOf(text: string, offset: number): number {
  const line = text.lastIndexOf("\n", offset - 1) + 1;
  return offset - line - (line === 0 && text.startsWith("\uFEFF") ? 1 : 0);
}

/** How lines of the file end. */
function lineEnd(text: string): "\r\n" | "\n" {
  return /\r?\n/.exec(text)?.[0] === "\r\n" ? "\r\n" : "\n";
}
