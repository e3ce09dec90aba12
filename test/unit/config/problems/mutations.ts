import fc from "fast-check";
import { keyText } from "../../../../config/problems/problems.ts";

/** A YAML document as data. */
export type Document = Record<string, unknown>;
type Path = readonly (string | number)[];

/** What people write by mistake, and what YAML makes of it. */
const wrong = fc.constantFrom<unknown>(
  null,
  "",
  " ",
  "x",
  "X-_.Y",
  "${stack}",
  "arn:aws:iam::1:role/x",
  "y".repeat(300),
  "5",
  5,
  0,
  -1,
  1.5,
  1e21,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  [5],
  ["x", "x"],
  { x: null },
  { "": "x" },
  { kind: "x" },
  { x: { y: { z: [] } } },
);

export type Mutation =
  | { readonly kind: "replace"; readonly at: Path; readonly value: unknown }
  | { readonly kind: "remove"; readonly at: Path }
  | { readonly kind: "rename"; readonly at: Path; readonly name: string };

/** One mistake anywhere in a document. */
export function mutationOf(document: Document): fc.Arbitrary<Mutation> {
  const at = fc.constantFrom(...pathsOf(document));
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("replace" as const), at, value: wrong }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), at }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("rename" as const),
        at: at.filter((path) => typeof path.at(-1) === "string"),
        name: fc.constantFrom("x", "null", "Ui", "a b", "contxt"),
      }),
    },
  );
}

export function mutated(document: Document, mutations: readonly Mutation[]): Document {
  return mutations.reduce((one, mutation) => changed(one, mutation.at, mutation) as Document, document);
}

function changed(value: unknown, [first, ...rest]: Path, mutation: Mutation): unknown {
  // An earlier mutation may have taken away what this one is about.
  if (typeof value !== "object" || value === null || first === undefined || !(first in value)) return value;
  const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (key !== String(first)) return [[key, member]];
    if (rest.length > 0) return [[key, changed(member, rest, mutation)]];
    switch (mutation.kind) {
      case "replace":
        return [[key, mutation.value]];
      case "remove":
        return [];
      case "rename":
        return [[mutation.name, member]];
    }
  });
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

/** Replaces the value of a key, as a user who follows an advice does. */
export function withValue(document: Document, key: string, value: unknown): Document {
  const at = pathsOf(document).find((path) => keyText(path) === key);
  return at === undefined ? document : mutated(document, [{ kind: "replace", at, value }]);
}

/** Renames a key, as a user who follows an advice does. */
export function renamed(document: Document, key: string, name: string): Document {
  const at = pathsOf(document).find((path) => keyText(path) === key);
  return at === undefined ? document : mutated(document, [{ kind: "rename", at, name }]);
}

/** The value of a key. */
export function valueAt(document: Document, key: string): unknown {
  const at = pathsOf(document).find((path) => keyText(path) === key) ?? [];
  return at.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], document);
}

/** The keys of a document as problems name them. */
export function keysOf(document: Document): ReadonlySet<string> {
  return new Set(pathsOf(document).map(keyText));
}

function pathsOf(value: unknown, above: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const path = [...above, Array.isArray(value) ? Number(name) : name];
    return [path, ...pathsOf(member, path)];
  });
}
