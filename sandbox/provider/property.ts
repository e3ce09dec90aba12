/** Any value that can be an input or an output of a resource on the wire to the engine. */
export type PropertyValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | readonly PropertyValue[]
  | { readonly [key: string]: PropertyValue };

/** Inputs or outputs of one resource. */
export type PropertyBag = Readonly<Record<string, PropertyValue>>;

/**
 * What stands for a value that only `pulumi up` will know, in a preview.
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go (UnknownStringValue)
 */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether the value, or anything inside of it, is not known yet. */
export function hasUnknown(value: PropertyValue): boolean {
  if (value === unknownValue) return true;
  if (isList(value)) return value.some(hasUnknown);
  return isBag(value) && Object.values(value).some(hasUnknown);
}

export function isList(value: PropertyValue): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

export function isBag(value: PropertyValue): value is PropertyBag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Nothing, as Terraform's state has it: absent, null, "" and empty collections are one value, because
 * AWS itself answers sometimes with one and sometimes with the other.
 */
export function isEmpty(value: PropertyValue): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (isList(value)) return value.length === 0;
  return isBag(value) && Object.values(value).every((member) => member === undefined || member === null);
}

/** The value with object keys in order and empty members left out, so that two of them can be compared. */
export function canonical(value: PropertyValue): PropertyValue {
  if (isList(value)) return value.map(canonical);
  if (!isBag(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !isEmpty(member))
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => [key, canonical(member)]),
  );
}

/** Whether two values are the same; the order of object keys and empty members do not count. */
export function isSame(a: PropertyValue, b: PropertyValue): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** An object whose undefined members are absent. */
export type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without its undefined members, as types with exact optional members want it. */
export function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Compact<T>;
}
