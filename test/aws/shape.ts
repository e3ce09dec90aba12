import type { DeviationKind } from "./deviation.ts";
import { type Model, type Shape, type ShapeReference, shapeOf } from "./model.ts";

/** How a value was written, and with it how its leaves look. */
export type Form =
  /** JSON: times are numbers or text, bytes are base64. */
  | "json"
  /** As `json`, with members under the names that they have on the wire. */
  | "rest"
  /** Objects of the SDK: times are `Date`, bytes are `Uint8Array`. */
  | "sdk"
  /** Forms and XML: each leaf is text. */
  | "text";

export interface Finding {
  readonly path: string;
  readonly kind: DeviationKind;
  readonly detail: string;
}

interface Rules {
  readonly model: Model;
  readonly form: Form;
  /** Lengths, patterns and ranges bind requests; AWS itself answers with whatever it has. */
  readonly limits: boolean;
}

/** What in a value is not as the model's shape says. */
export function findingsOf(value: unknown, shapeName: string, rules: Rules): Finding[] {
  return [...walk(value, { shape: shapeName }, "", rules)];
}

function* walk(
  value: unknown,
  { shape: name }: ShapeReference,
  path: string,
  rules: Rules,
): Generator<Finding> {
  const shape = shapeOf(rules.model, name);
  if (shape.document === true || shape.eventstream === true || shape.streaming === true) return;
  switch (shape.type) {
    case "structure":
      return yield* walkStructure(value, shape, path, rules);
    case "list":
      if (!Array.isArray(value)) return yield wrong(value, path, "a list");
      if (rules.limits) yield* sizeFindings(value.length, shape, path, "length", "elements");
      if (shape.member === undefined) return;
      for (const one of value) yield* walk(one, shape.member, `${path}[]`, rules);
      return;
    case "map":
      if (!isObject(value)) return yield wrong(value, path, "a map");
      if (rules.limits) yield* sizeFindings(Object.keys(value).length, shape, path, "length", "entries");
      for (const [key, one] of Object.entries(value)) {
        if (shape.key !== undefined) yield* walk(key, shape.key, `${path}{key}`, { ...rules, form: "text" });
        if (shape.value !== undefined) yield* walk(one, shape.value, `${path}{}`, rules);
      }
      return;
    default:
      return yield* walkLeaf(value, shape, path, rules);
  }
}

function* walkStructure(value: unknown, shape: Shape, path: string, rules: Rules): Generator<Finding> {
  // A structure without members is written as nothing at all in XML.
  const members = rules.form === "text" && value === "" ? {} : value;
  if (!isObject(members)) return yield wrong(value, path, "a structure");
  const known = new Map(
    Object.entries(shape.members ?? {}).map(([name, reference]) => [
      rules.form === "rest" ? (reference.locationName ?? name) : name,
      { name, reference },
    ]),
  );
  for (const [name, one] of Object.entries(members)) {
    // Clients take a member that is null for one that is not there.
    if (one === undefined || one === null || name === "$metadata") continue;
    const at = path === "" ? name : `${path}.${name}`;
    const member = known.get(name);
    if (member === undefined) yield { path: at, kind: "unknown-member", detail: shown(one) };
    else yield* walk(one, member.reference, at, rules);
  }
  for (const name of shape.required ?? []) {
    const reference = shape.members?.[name];
    const written = rules.form === "rest" ? (reference?.locationName ?? name) : name;
    if (members[written] !== undefined && members[written] !== null) continue;
    yield { path: path === "" ? written : `${path}.${written}`, kind: "missing-member", detail: "required" };
  }
}

function* walkLeaf(value: unknown, shape: Shape, path: string, rules: Rules): Generator<Finding> {
  if (!leafTypes[shape.type]?.(value, rules.form)) return yield wrong(value, path, `of type ${shape.type}`);
  if (typeof value === "string" && shape.type === "string") {
    if (shape.enum !== undefined && !shape.enum.includes(value))
      yield { path, kind: "not-in-enum", detail: `${shown(value)} is none of ${someOf(shape.enum)}` };
    if (!rules.limits) return;
    yield* sizeFindings(value.length, shape, path, "length", "characters");
    if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value))
      yield { path, kind: "pattern", detail: `${shown(value)} is not ${shape.pattern}` };
  } else if (rules.limits && numbers.includes(shape.type)) {
    yield* sizeFindings(Number(value), shape, path, "range", "");
  }
}

const numbers = ["integer", "long", "float", "double", "bigdecimal"];

const isWhole = (value: unknown, form: Form) =>
  form === "text" ? /^-?\d+$/.test(String(value)) : Number.isInteger(value);
const isNumber = (value: unknown, form: Form) =>
  form === "text" ? value !== "" && !Number.isNaN(Number(value)) : typeof value === "number";
const isTime = (value: unknown, form: Form) => {
  // A number from the SDK is one that Slipway reads before the SDK has made a date of it.
  if (typeof value === "number") return form !== "text";
  if (form === "sdk") return value instanceof Date;
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
};

const leafTypes: Readonly<Record<string, (value: unknown, form: Form) => boolean>> = {
  string: (value) => typeof value === "string",
  character: (value) => typeof value === "string",
  boolean: (value, form) =>
    form === "text" ? value === "true" || value === "false" : typeof value === "boolean",
  integer: isWhole,
  long: isWhole,
  float: isNumber,
  double: isNumber,
  bigdecimal: isNumber,
  timestamp: isTime,
  blob: (value, form) =>
    form === "sdk" ? value instanceof Uint8Array || typeof value === "string" : typeof value === "string",
};

function* sizeFindings(
  size: number,
  { min, max }: Shape,
  path: string,
  kind: "length" | "range",
  unit: string,
): Generator<Finding> {
  if (min !== undefined && size < min) yield { path, kind, detail: `${size} ${unit}, at least ${min}` };
  if (max !== undefined && size > max) yield { path, kind, detail: `${size} ${unit}, at most ${max}` };
}

const patterns = new Map<string, RegExp>();

/** A pattern of AWS's as a regular expression of JavaScript's: AWS means the whole value. */
function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = compile(pattern);
  patterns.set(pattern, made);
  return made;
}

function compile(pattern: string): RegExp {
  const whole = `^(?:${pattern})$`;
  // Some are written for Java or Python: escapes that the stricter mode for Unicode refuses.
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(whole, flags);
    } catch {
      // The other mode may take it.
    }
  }
  return /^/;
}

function wrong(value: unknown, path: string, expected: string): Finding {
  return { path, kind: "wrong-type", detail: `${shown(value)} is not ${expected}` };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function someOf(values: readonly string[]): string {
  const more = values.length > 8 ? `, and ${values.length - 8} more` : "";
  return `${values.slice(0, 8).join(", ")}${more}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
