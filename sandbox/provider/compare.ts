import {
  canonical,
  isBag,
  isEmpty,
  isList,
  isSame,
  type PropertyBag,
  type PropertyValue,
} from "./property.ts";
import type { Comparison, InputRule, PropertyRule } from "./resource.ts";

/** The rule of an input in full. `unsupported` inputs never get past `check`. */
export function ruleOf(rule: InputRule): PropertyRule {
  return typeof rule === "string" ? { on: rule === "replace" ? "replace" : "update" } : rule;
}

/** The value in one canonical form. */
export function comparable(value: PropertyValue, comparison: Comparison | undefined): PropertyValue {
  if (isEmpty(value)) return undefined;
  switch (comparison) {
    case undefined:
      return canonical(value);
    case "json":
      return canonical(parseJson(value));
    case "policy":
      return canonical(unwrapSingles(parseJson(value)));
    case "set":
      return isList(value) ? sorted(value.map(canonical)) : canonical(value);
    default:
      return canonical(comparison(value));
  }
}

/** Whether two values of one input mean the same. */
export function meansTheSame(a: PropertyValue, b: PropertyValue, rule: PropertyRule): boolean {
  return isSame(
    comparable(isEmpty(a) ? rule.fallback : a, rule.compare),
    comparable(isEmpty(b) ? rule.fallback : b, rule.compare),
  );
}

/** Members in an order that depends on nothing but what they are. */
export function sorted(values: readonly PropertyValue[]): readonly PropertyValue[] {
  return values
    .map((value) => [JSON.stringify(canonical(value)), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);
}

/** Fills in what AWS fills in, in an object or in each object of a list. */
export function withDefaults(defaults: PropertyBag): (value: PropertyValue) => PropertyValue {
  const fill = (value: PropertyValue): PropertyValue => {
    if (!isBag(value)) return value;
    const given = Object.entries(value).filter(([, member]) => !isEmpty(member));
    return { ...defaults, ...Object.fromEntries(given) };
  };
  return (value) => (isList(value) ? value.map(fill) : fill(value));
}

function parseJson(value: PropertyValue): PropertyValue {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as PropertyValue;
  } catch {
    return value;
  }
}

/** IAM writes a list of one as its member, and takes lists of strings in any order. */
function unwrapSingles(value: PropertyValue): PropertyValue {
  if (isList(value)) {
    const members = value.map(unwrapSingles);
    if (members.length === 1) return members[0];
    return members.every((member) => typeof member === "string") ? sorted(members) : members;
  }
  if (!isBag(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrapSingles(member)]));
}
