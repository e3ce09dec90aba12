import { z } from "zod";
import type { Problem } from "./errors.ts";
import { didYouMean, nearest } from "./nearest.ts";

type JsonSchema = { [key: string]: unknown };

/**
 * The problems that a schema finds in a value, each with file, key, value and fix; for unknown keys
 * the nearest known one.
 *
 * @param locate where in which file a key is
 * @param prefix what stands before each key: `slipway:` for a stack's settings
 */
export function problemsOf(
  error: z.ZodError,
  schema: z.ZodType,
  value: unknown,
  locate: (path: readonly PropertyKey[]) => string,
  prefix = "",
): Problem[] {
  const takes = (path: readonly PropertyKey[], other: string) => {
    const { error: left } = schema.safeParse(withValueAt(value, path, other));
    const at = keyText(path);
    return left === undefined || left.issues.every((issue) => !keyText(issue.path).startsWith(at));
  };
  const shape = () => shapeOf(schema);
  const root = { shape, value, locate, prefix, takes };
  return error.issues.flatMap((issue) => toProblems(issue, root));
}

/** JSON Schemas by the schema: each takes a while, and never changes. */
const shapes = new WeakMap<z.ZodType, JsonSchema>();

function shapeOf(schema: z.ZodType): JsonSchema {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  shapes.set(schema, made);
  return made;
}

/** What an issue of a schema is turned into a problem with. */
interface Root {
  /** The schema as JSON Schema. */
  shape(): JsonSchema;
  readonly value: unknown;
  readonly locate: (path: readonly PropertyKey[]) => string;
  readonly prefix: string;
  /** Whether the schema takes another value at a path. */
  takes(path: readonly PropertyKey[], other: string): boolean;
}

function toProblems(issue: z.core.$ZodIssue, root: Root): Problem[] {
  const { shape, locate, prefix } = root;
  const where = locate(issue.path);
  const atKey = issue.path.length === 0 && prefix === "" ? {} : { key: prefix + keyText(issue.path) };
  const key = (path: readonly PropertyKey[]) => prefix + keyText(path);
  const value = at(root.value, issue.path);
  const added = () => additionOf(shape(), root.value, issue.path);
  // YAML's value for a key without a value.
  if (value === null && issue.code.startsWith("invalid_") && issue.code !== "invalid_key") {
    const fix = issue.path.length === 0 ? "write its keys" : "give it a value, or remove the key";
    return [{ code: "empty-value", where, ...atKey, message: "is empty", fix }];
  }
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(shape(), root.value, issue.path);
      return issue.keys.map((one): Problem => {
        const place = { where: locate([...issue.path, one]), key: key([...issue.path, one]) };
        // Another branch of a union has the key.
        return known.includes(one)
          ? {
              code: "contradicting-settings",
              ...place,
              message: "can't be combined with the keys beside it",
              fix: "keep either this key or the other ones",
            }
          : {
              code: "unknown-key",
              ...place,
              message: "is not a known key",
              fix: didYouMean(one, known),
            };
      });
    }
    case "invalid_key":
      return issue.issues.map((inner) => ({
        code: "invalid-name",
        where,
        key: key(issue.path),
        message: inner.message,
        value: issue.path.at(-1),
      }));
    case "invalid_union": {
      // Report only the problems of the branch that fits best.
      const branches = issue.errors.filter((branch) => branch.length > 0);
      const best = branches.toSorted((a, b) => depth(b) - depth(a) || faults(a) - faults(b))[0];
      if (best !== undefined && depth(best) > 0) {
        return best.flatMap((inner) =>
          toProblems({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, root),
        );
      }
      return value === undefined
        ? [{ code: "missing-key", where, ...atKey, message: "is missing", fix: added() }]
        : [{ code: "invalid-value", where, ...atKey, message: describe(issue), ...shown(value) }];
    }
    default:
      return [
        {
          code: value === undefined ? "missing-key" : "invalid-value",
          where,
          ...atKey,
          message: value === undefined ? "is missing" : describe(issue),
          ...shown(value),
          ...(isUnquoted(issue, value) &&
            root.takes(issue.path, String(value)) && { fix: `put it in quotes: "${value}"` }),
          ...(value === undefined && { fix: added() }),
          ...(issue.code === "invalid_value" && { fix: oneOf(value, issue.values.map(String)) }),
        },
      ];
  }
}

/** How many things a branch of a union has against the value. */
function faults(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

/** Whether YAML parsed a text as a number or a boolean. */
function isUnquoted(issue: z.core.$ZodIssue, value: unknown): value is number | boolean {
  const isScalar = typeof value === "boolean" || Number.isFinite(value);
  return isScalar && issue.code === "invalid_type" && issue.expected === "string";
}

/** `one of: debug, info`, and the nearest of them. */
function oneOf(value: unknown, allowed: readonly string[]): string {
  const all = `one of: ${allowed.join(", ")}`;
  const guess = typeof value === "string" ? nearest(value, allowed) : undefined;
  return guess === undefined ? all : `did you mean "${guess}"? (${all})`;
}

/** How far into the value a branch of a union got: the furthest is the one that was meant. */
function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)));
}

/** What a value must be, in words; a schema's own message says it better. */
function describe(issue: z.core.$ZodIssue): string {
  const own = issue.message;
  if (own.startsWith("Invalid discriminator value. Expected ")) {
    return `must be ${own.slice("Invalid discriminator value. Expected ".length).replaceAll(" | ", " or ")}`;
  }
  if (!/^(?:Invalid|Too) /.test(own)) return own;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case "too_small":
      return `must ${sizeOf(issue.origin, "at least", issue.inclusive === false ? "more than" : undefined, issue.minimum)}`;
    case "too_big":
      return `must ${sizeOf(issue.origin, "at most", issue.inclusive === false ? "less than" : undefined, issue.maximum)}`;
    case "invalid_format":
      return issue.format === "regex"
        ? `must match the pattern ${issue.pattern}`
        : `must be ${formatNames[issue.format] ?? issue.format}`;
    case "invalid_value":
      return "is not a value of this key";
    default:
      return own.replace(/^Invalid input(?:: )?/, "") || "is not a value of this key";
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

const formatNames: Readonly<Record<string, string>> = {
  url: "a URL",
  email: "an email address",
  date: "a day, such as 2026-12-31",
};

/** `have at least 1 character`, `be at most 64` */
function sizeOf(origin: string, bound: string, exclusive: string | undefined, size: number | bigint): string {
  const unit = { string: "character", array: "item", record: "key" }[origin];
  if (unit !== undefined) return `have ${bound} ${size} ${unit}${size === 1 ? "" : "s"}`;
  return `be ${exclusive ?? bound} ${size}`;
}

function shown(value: unknown): { value?: unknown } {
  return value === undefined ? {} : { value: withoutNonNumbers(value) };
}

/** A value with YAML's words for what JSON can't write: it has no such numbers. */
function withoutNonNumbers(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  }
  if (Array.isArray(value)) return value.map(withoutNonNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutNonNumbers(member)]));
}

/** A copy of a value that has another one at a path. */
function withValueAt(root: unknown, [first, ...rest]: readonly PropertyKey[], other: unknown): unknown {
  if (first === undefined) return other;
  if (Array.isArray(root)) {
    return root.map((member, index) => (index === first ? withValueAt(member, rest, other) : member));
  }
  if (typeof root !== "object" || root === null) return root;
  const members = root as Record<PropertyKey, unknown>;
  return { ...members, [first]: withValueAt(members[first], rest, other) };
}

/** A path as text: `services.ui.platforms[1]`. */
export function keyText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

function at(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    root,
  );
}

/** Keys that the schema knows at a path. */
function knownKeys(shape: JsonSchema, root: unknown, path: readonly PropertyKey[]): string[] {
  const level = schemasAt(shape, root, path);
  return [...new Set(level.flatMap((node) => Object.keys((node.properties as object) ?? {})))];
}

/** What to do about a missing key: the schema says what it is for. */
function additionOf(shape: JsonSchema, root: unknown, path: readonly PropertyKey[]): string {
  const [described] = schemasAt(shape, root, path).flatMap(({ description }) => description ?? []);
  return described === undefined ? "add it" : `add it: ${described}`;
}

/** What the schema says of a path, over all branches of unions on the way that fit the value's kind. */
function schemasAt(shape: JsonSchema, root: unknown, path: readonly PropertyKey[]): JsonSchema[] {
  let level = branches(shape, root);
  for (const [index, part] of path.entries()) {
    const value = at(root, path.slice(0, index + 1));
    level = level.flatMap((node) => {
      const properties = node.properties as Record<string, JsonSchema> | undefined;
      const next =
        typeof part === "number" ? node.items : (properties?.[String(part)] ?? node.additionalProperties);
      return typeof next === "object" && next !== null ? branches(next as JsonSchema, value) : [];
    });
  }
  return level;
}

/** A schema and the branches of its unions, without those of another kind than the value's. */
function branches(node: JsonSchema, value: unknown): JsonSchema[] {
  const inner = [...((node.anyOf ?? []) as JsonSchema[]), ...((node.oneOf ?? []) as JsonSchema[])];
  return [node, ...inner.flatMap((one) => branches(one, value))].filter((one) => fitsKind(one, value));
}

function fitsKind({ properties }: JsonSchema, value: unknown): boolean {
  const kind = (properties as Record<string, JsonSchema> | undefined)?.kind?.const;
  return kind === undefined || kind === at(value, ["kind"]);
}
