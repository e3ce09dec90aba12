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
  const shape = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return error.issues.flatMap((issue) => toProblems(issue, shape, value, locate, prefix));
}

function toProblems(
  issue: z.core.$ZodIssue,
  shape: JsonSchema,
  root: unknown,
  locate: (path: readonly PropertyKey[]) => string,
  prefix: string,
): Problem[] {
  const where = locate(issue.path);
  const atKey = issue.path.length === 0 && prefix === "" ? {} : { key: prefix + keyText(issue.path) };
  const key = (path: readonly PropertyKey[]) => prefix + keyText(path);
  const value = at(root, issue.path);
  // YAML's value for a key without a value.
  if (value === null && issue.code.startsWith("invalid_") && issue.code !== "invalid_key") {
    const fix = issue.path.length === 0 ? "write its keys" : "give it a value, or remove the key";
    return [{ code: "empty-value", where, ...atKey, message: "is empty", fix }];
  }
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((unknown) => ({
        code: "unknown-key",
        where: locate([...issue.path, unknown]),
        key: key([...issue.path, unknown]),
        message: "is not a known key",
        fix: didYouMean(unknown, knownKeys(shape, issue.path)),
      }));
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
      const best = branches.toSorted((a, b) => depth(b) - depth(a))[0];
      if (best !== undefined && depth(best) > 0) {
        return best.flatMap((inner) =>
          toProblems(
            { ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue,
            shape,
            root,
            locate,
            prefix,
          ),
        );
      }
      return [{ code: "invalid-value", where, ...atKey, message: describe(issue), ...shown(value) }];
    }
    default:
      return [
        {
          code: value === undefined ? "missing-key" : "invalid-value",
          where,
          ...atKey,
          message: value === undefined && issue.code === "invalid_type" ? "is missing" : describe(issue),
          ...shown(value),
          ...(isUnquoted(issue, value) && { fix: `put it in quotes: "${value}"` }),
          ...(issue.code === "invalid_value" && { fix: oneOf(value, issue.values.map(String)) }),
        },
      ];
  }
}

/** Whether YAML parsed a text as a number or a boolean. */
function isUnquoted(issue: z.core.$ZodIssue, value: unknown): value is number | boolean {
  const isScalar = typeof value === "number" || typeof value === "boolean";
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

function describe(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith("Invalid discriminator value. Expected ")) {
    return `must be ${issue.message.slice("Invalid discriminator value. Expected ".length).replaceAll(" | ", " or ")}`;
  }
  return issue.message.replace(/^Invalid input: /, "").replace(/^Invalid option: /, "");
}

function shown(value: unknown): { value?: unknown } {
  return value === undefined ? {} : { value };
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

/** Keys that the schema knows at a path, over all branches of unions on the way. */
function knownKeys(shape: JsonSchema, path: readonly PropertyKey[]): string[] {
  let level = [shape];
  for (const part of path) {
    level = level.flatMap(branches).flatMap((node) => {
      const properties = node.properties as Record<string, JsonSchema> | undefined;
      const next =
        typeof part === "number" ? node.items : (properties?.[String(part)] ?? node.additionalProperties);
      return typeof next === "object" && next !== null ? [next as JsonSchema] : [];
    });
  }
  return [
    ...new Set(level.flatMap(branches).flatMap((node) => Object.keys((node.properties as object) ?? {}))),
  ];
}

function branches(node: JsonSchema): JsonSchema[] {
  const inner = [...((node.anyOf ?? []) as JsonSchema[]), ...((node.oneOf ?? []) as JsonSchema[])];
  return [node, ...inner.flatMap(branches)];
}
