import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from "yaml";
import { formatPath, type PathStep } from "../../../../config/targets/gitops/path.ts";
import { type Manifest, refusal } from "./manifest.ts";

/** A node of a manifest, and where it is. */
export interface Found {
  readonly node: Node | null;
  /** Numbers of the items on the way, the document's first: how `shape` names places. */
  readonly at: string;
  /** Position to name in messages. */
  readonly offset: number;
}

/** What a path leads to, and how far it came where it leads nowhere. */
export interface Search {
  readonly found: readonly Found[];
  /** The longest beginning of the path that the file has, and where; undefined: not even the first step. */
  readonly reached: { readonly steps: number; readonly found: Found } | undefined;
}

/**
 * Every node that a path leads to, in all documents of a file.
 *
 * @throws UserError `manifest-refused` for an alias or a merge key on the way: an edit there would change
 *   other places as well
 */
export function findNodes(manifest: Manifest, steps: readonly PathStep[]): Search {
  let current: readonly Found[] = manifest.documents.map((document, index) => ({
    node: document.contents,
    at: String(index),
    offset: document.contents?.range?.[0] ?? 0,
  }));
  let reached: Search["reached"];
  for (const [index, step] of steps.entries()) {
    const next = current.flatMap((found) => follow(manifest, found, step, steps));
    const [first] = next;
    if (first === undefined) return { found: [], reached };
    reached = { steps: index + 1, found: first };
    current = next;
  }
  return { found: current, reached };
}

function follow(
  manifest: Manifest,
  { node, at, offset }: Found,
  step: PathStep,
  steps: readonly PathStep[],
): readonly Found[] {
  if (isAlias(node)) throw aliasRefusal(manifest, offset, node.source, formatPath(steps));
  switch (step.kind) {
    case "key": {
      if (!isMap(node)) return [];
      const pair = pairOf(node, step.key);
      if (pair !== undefined) return [valueAt(node, pair, at)];
      if (mergeKeyOf(node) !== undefined) throw mergeRefusal(manifest, node, formatPath(steps));
      return [];
    }
    case "index": {
      if (!isSeq(node)) return [];
      const item = node.items[step.index] as Node | undefined;
      return item === undefined ? [] : [itemOf(item, at, step.index, offset)];
    }
    case "where": {
      if (isMap(node)) return matches(node, step) ? [{ node, at, offset }] : [];
      if (!isSeq(node)) return [];
      return node.items.flatMap((item, index) => {
        const resolved = isAlias(item) ? item.resolve(documentOf(manifest, at)) : item;
        return matches(resolved, step) ? [itemOf(item as Node, at, index, offset)] : [];
      });
    }
  }
}

function documentOf({ documents }: Manifest, at: string) {
  const document = documents[Number(at.split("/")[0])];
  if (document === undefined) throw new Error(`no document ${at}`);
  return document;
}

function itemOf(item: Node, at: string, index: number, offset: number): Found {
  return { node: item, at: `${at}/${index}`, offset: item.range?.[0] ?? offset };
}

/** The value of a map's pair. A value that is left out is null; messages then name its key. */
export function valueAt(map: YAMLMap, pair: Pair, at: string): Found {
  const index = map.items.indexOf(pair);
  const key = pair.key as Node | null;
  const value = pair.value as Node | null;
  return { node: value, at: `${at}/${index}=`, offset: value?.range?.[0] ?? key?.range?.[0] ?? 0 };
}

/** A pair of a map by its key; keys of merged maps are not among them. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

/** `<<`, as a key of its own. */
export function mergeKeyOf(map: YAMLMap): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN);
}

/** Whether a map has a value under a path of keys. */
function matches(node: unknown, { keys, value }: Extract<PathStep, { kind: "where" }>): boolean {
  let current = node;
  for (const key of keys) {
    if (!isMap(current)) return false;
    current = pairOf(current, key)?.value;
  }
  return isScalar(current) && (current.source ?? String(current.value)) === value;
}

export function aliasRefusal({ place }: Manifest, offset: number, source: string, key: string) {
  return refusal({
    where: place(offset),
    key,
    value: `*${source}`,
    message: "is an alias: an edit would change every place that shares its anchor",
    fix: "write the value out at this place in the manifest repository",
  });
}

export function mergeRefusal({ place }: Manifest, map: YAMLMap, key: string) {
  const merge = mergeKeyOf(map)?.key as Scalar | undefined;
  return refusal({
    where: place(merge?.range?.[0] ?? map.range?.[0] ?? 0),
    key,
    message: "may come from the map that a merge key (<<) brings in, which other places share",
    fix: "write the key out in this map, beside the merge key",
  });
}
