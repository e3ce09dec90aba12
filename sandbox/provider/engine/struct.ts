import structMessages, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { isBag, isList, type PropertyBag, type PropertyValue } from "../property.ts";

/** The engine's properties as plain values; nothing stands for an empty bag. */
export function fromStruct(struct: Struct | undefined): PropertyBag {
  return (struct?.toJavaScript() ?? {}) as PropertyBag;
}

/** Plain values as the engine takes them; undefined has no form there and is left out. */
export function toStruct(properties: PropertyBag): Struct {
  return structMessages.Struct.fromJavaScript(withoutUndefined(properties) as Record<string, never>);
}

function withoutUndefined(value: PropertyValue): PropertyValue {
  if (isList(value)) return value.map(withoutUndefined);
  if (!isBag(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, withoutUndefined(member)]),
  );
}
