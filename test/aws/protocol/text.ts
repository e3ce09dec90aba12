import { type Model, type ShapeReference, shapeOf } from "../model.ts";
import type { Node, Tree } from "./form.ts";

/** How names and lists are written. */
export type Style = "query-request" | "query-answer" | "ec2-request" | "ec2-answer";

/**
 * A form or XML under the members' own names, with lists as lists. What the model does not know keeps the
 * name that it was written with.
 */
export function fromTree(model: Model, shapeName: string | undefined, tree: Tree, style: Style): unknown {
  return shapeName === undefined ? tree : convert(model, { shape: shapeName }, tree, style);
}

function convert(model: Model, reference: ShapeReference, node: Node, style: Style): unknown {
  const shape = shapeOf(model, reference.shape);
  const isRequest = style.endsWith("request");
  switch (shape.type) {
    case "structure": {
      if (typeof node === "string") return node.trim() === "" ? "" : node;
      const members = Object.entries(shape.members ?? {});
      const known = new Map(
        members.map(([name, member]) => [writtenName(model, name, member, style), { name, member }]),
      );
      return Object.fromEntries(
        Object.entries(node).map(([written, inner]) => {
          const one = known.get(written);
          return one === undefined ? [written, inner] : [one.name, convert(model, one.member, inner, style)];
        }),
      );
    }
    case "list": {
      if (node === "" || shape.member === undefined) return [];
      const flattened = shape.flattened === true || reference.flattened === true || style === "ec2-request";
      const element = shape.member.locationName ?? defaultElement(style);
      // Left as it is, it is no list: what is wrong then shows.
      if (!flattened && typeof node === "object" && Object.keys(node).some((name) => name !== element))
        return node;
      return elementsOf(node, shape.member.locationName ?? defaultElement(style), {
        flattened,
        isRequest,
      }).map((element) => convert(model, shape.member as ShapeReference, element, style));
    }
    case "map": {
      if (node === "" || shape.key === undefined || shape.value === undefined) return {};
      const flattened = shape.flattened === true || reference.flattened === true;
      const key = shape.key.locationName ?? "key";
      const value = shape.value.locationName ?? "value";
      const entries = elementsOf(node, "entry", { flattened, isRequest }) as readonly Tree[];
      return Object.fromEntries(
        entries.map((entry) => [
          entry[key],
          convert(model, shape.value as ShapeReference, entry[value] ?? "", style),
        ]),
      );
    }
    default:
      return node;
  }
}

const defaultElement = (style: Style) => (style.startsWith("ec2") ? "item" : "member");

function elementsOf(
  node: Node,
  name: string,
  { flattened, isRequest }: { readonly flattened: boolean; readonly isRequest: boolean },
): readonly Node[] {
  const holder = flattened || typeof node === "string" ? node : ((node as Tree)[name] ?? []);
  // In a form elements are numbered; in XML a tag is repeated, and one alone is no list.
  if (isRequest && typeof holder === "object" && !Array.isArray(holder))
    return Object.entries(holder)
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([, element]) => element as Node);
  return Array.isArray(holder) ? holder : [holder as Node];
}

function writtenName(model: Model, name: string, member: ShapeReference, style: Style): string {
  if (style === "ec2-request") return member.queryName ?? capitalized(member.locationName ?? name);
  const list = shapeOf(model, member.shape);
  // A flattened list has no tag of its own: its elements' tag stands in its place.
  if ((list.flattened === true || member.flattened === true) && list.member?.locationName !== undefined)
    return list.member.locationName;
  return member.locationName ?? name;
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
