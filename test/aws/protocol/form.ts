/** Fields of a form, or tags of XML, by name; those that are repeated are a list. */
export interface Tree {
  readonly [name: string]: Node;
}
export type Node = string | Tree | readonly Node[];

/** A form as a tree: `Filter.1.Name=a` → `{ Filter: { 1: { Name: "a" } } }`. */
export function treeOf(form: URLSearchParams): Tree {
  const tree: Record<string, Node> = {};
  for (const [key, value] of form) {
    const names = key.split(".");
    const last = names.pop() ?? key;
    let at = tree;
    for (const name of names) {
      const next = at[name];
      if (typeof next !== "object") at[name] = {};
      at = at[name] as Record<string, Node>;
    }
    at[last] = value;
  }
  return tree;
}
