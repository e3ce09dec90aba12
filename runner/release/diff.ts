import { createHash } from "node:crypto";
/** One difference between two releases. */
export interface Difference {
  /** `commit`, `platforms.linux/arm64.bytes`, `ecs shop/ui: containerDefinitions[ui].cpu` */
  readonly field: string;
  /** Absent if this side does not have it, or if it is unknown. */
  readonly before?: string;
  readonly after?: string;
}

/** Known facts by name. */
export type Facts = Readonly<Record<string, string>>;

/** The facts that differ between two sets, sorted by name. */
export function diffFacts(before: Facts, after: Facts): readonly Difference[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields.flatMap((field): Difference[] => {
    const [from, to] = [before[field], after[field]];
    if (from === to) return [];
    return [
      { field, ...(from === undefined ? {} : { before: from }), ...(to === undefined ? {} : { after: to }) },
    ];
  });
}

/** Lists whose members have a name, and the field that is the name. */
const namedBy = ["name", "containerName", "sourceVolume", "key"] as const;

/**
 * A document as facts, one for each value in it: `containerDefinitions[ui].cpu`. Members of a list are
 * called by their names, so that their order means nothing. Values under `hidden` names are secrets as
 * likely as not: a fact says whether they are the same, and not what they are.
 *
 * @param hide what stands for a value that is not to be seen
 */
export function factsOf(
  document: unknown,
  hidden: readonly string[],
  hide: (value: string) => string,
): Facts {
  const facts: Record<string, string> = {};
  const visit = (value: unknown, path: string, secret: boolean) => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      value.forEach((member: unknown, index) => {
        visit(member, `${path}[${nameOf(member) ?? index}]`, secret);
      });
      return;
    }
    if (typeof value === "object") {
      for (const [key, member] of Object.entries(value)) {
        visit(member, path === "" ? key : `${path}.${key}`, secret || hidden.includes(key));
      }
      return;
    }
    facts[path] = secret && !path.endsWith(".name") ? hide(String(value)) : String(value);
  };
  visit(document, "", false);
  return facts;
}

function nameOf(member: unknown): string | undefined {
  if (typeof member !== "object" || member === null) return undefined;
  const key = namedBy.find((name) => typeof (member as Record<string, unknown>)[name] === "string");
  return key === undefined ? undefined : String((member as Record<string, unknown>)[key]);
}

/** Stands for a value that may be a secret: different values look different, and none can be read. */
export function hideValue(value: string): string {
  return `(hidden, ${createHash("sha256").update(value).digest("hex").slice(0, 8)})`;
}
