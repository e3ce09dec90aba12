import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Manifest } from "./manifest.ts";

/**
 * Every node of a file by its place: what it is, its anchor, its tag and its text. Two files of one shape say
 * the same, whatever reads them.
 */
export function shapeOf(manifest: Manifest): ReadonlyMap<string, string> {
  return new Map([...nodesOf(manifest)].map(([at, node]) => [at, describe(node)]));
}

/** Every node of a file by its place. */
export function nodesOf({ documents }: Manifest): ReadonlyMap<string, unknown> {
  const nodes = new Map<string, unknown>();
  const walk = (node: unknown, at: string) => {
    nodes.set(at, node);
    if (isMap(node)) {
      for (const [index, { key, value }] of node.items.entries()) {
        walk(key, `${at}/${index}?`);
        walk(value, `${at}/${index}=`);
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, `${at}/${index}`);
    }
  };
  for (const [index, { contents }] of documents.entries()) walk(contents, String(index));
  return nodes;
}

function describe(node: unknown): string {
  if (isAlias(node)) return JSON.stringify(["alias", node.source]);
  if (isMap(node)) return JSON.stringify(["map", node.anchor, node.tag]);
  if (isSeq(node)) return JSON.stringify(["list", node.anchor, node.tag]);
  if (isScalar(node)) {
    const value = typeof node.value === "bigint" ? node.value.toString() : node.value;
    return JSON.stringify(["scalar", node.anchor, node.tag, typeof node.value, value, node.source]);
  }
  return "nothing";
}

/**
 * Places where two files differ.
 *
 * @param expected places that may differ, with all that is below them
 */
export function differences(
  before: Manifest,
  after: Manifest,
  expected: readonly string[],
): readonly string[] {
  const [one, other] = [shapeOf(before), shapeOf(after)];
  const isExpected = (at: string) => expected.some((place) => at === place || at.startsWith(`${place}/`));
  return [...new Set([...one.keys(), ...other.keys()])].filter(
    (at) => one.get(at) !== other.get(at) && !isExpected(at),
  );
}
