import { comparable, meansTheSame, ruleOf } from "./compare.ts";
import {
  hasUnknown,
  isBag,
  isEmpty,
  isList,
  isSame,
  type PropertyBag,
  type PropertyValue,
} from "./property.ts";
import type { PropertyRule, ResourceType } from "./resource.ts";

export type ChangeKind = "add" | "delete" | "update";

/** One property that differs, by its path: `tags["slipway:service"]`, `rules[0].scanFrequency`. */
export interface PropertyChange {
  readonly path: string;
  readonly kind: ChangeKind;
  readonly replaces: boolean;
}

export interface ResourceDiff {
  readonly changes: readonly PropertyChange[];
  /** Top-level inputs that differ. */
  readonly changed: ReadonlySet<string>;
  /** Top-level inputs whose change needs another resource. */
  readonly replaces: readonly string[];
  /** The old one has to go first, as the new one wants its name. */
  readonly deleteBeforeReplace: boolean;
}

/**
 * What separates the resource as it was last seen from what is wanted of it. Compared are outputs with
 * inputs, so the next `up` corrects drift that `pulumi refresh` found.
 *
 * @param ignoreChanges paths of the resource option of that name
 */
export function diffResource(
  type: ResourceType,
  previous: PropertyBag,
  wanted: PropertyBag,
  options: { readonly defaultTags?: PropertyBag; readonly ignoreChanges?: readonly string[] } = {},
): ResourceDiff {
  const changes: PropertyChange[] = [];
  const changed = new Set<string>();
  const replaces: string[] = [];
  for (const [property, inputRule] of Object.entries(type.inputs)) {
    const rule = ruleOf(inputRule);
    const found =
      property === "tags"
        ? diffTags(previous, wanted.tags, options.defaultTags ?? {})
        : diffProperty(property, previous[property], wanted[property], rule);
    const counting = found.filter((change) => !isIgnored(change.path, options.ignoreChanges ?? []));
    if (counting.length === 0) continue;
    changed.add(property);
    const replacing = rule.on === "replace" || type.update === undefined;
    if (replacing && !rule.local) replaces.push(property);
    changes.push(...counting.map((change) => ({ ...change, replaces: replacing && !rule.local })));
  }
  const name = type.autoName === undefined ? undefined : wanted[type.autoName];
  const keepsName = name !== undefined && isSame(name, previous[type.autoName ?? ""]);
  return {
    changes,
    changed,
    replaces,
    deleteBeforeReplace: replaces.length > 0 && (type.deleteBeforeReplace === true || keepsName),
  };
}

type FoundChange = Omit<PropertyChange, "replaces">;

function diffProperty(
  property: string,
  previous: PropertyValue,
  wanted: PropertyValue,
  rule: PropertyRule,
): FoundChange[] {
  if (isEmpty(wanted) && rule.computed) return [];
  if (hasUnknown(wanted)) return [{ path: property, kind: isEmpty(previous) ? "add" : "update" }];
  if (meansTheSame(previous, wanted, rule)) return [];
  // The parts of a document or of a set have no path of their own.
  const hasPaths = rule.compare === undefined || typeof rule.compare === "function";
  if (!hasPaths) return [{ path: property, kind: kindOf(previous, wanted) }];
  const before = comparable(isEmpty(previous) ? rule.fallback : previous, rule.compare);
  const after = comparable(isEmpty(wanted) ? rule.fallback : wanted, rule.compare);
  return walk(property, before, after);
}

/** Tags that only come from the provider's default tags are shown where the real provider shows them. */
function diffTags(previous: PropertyBag, wanted: PropertyValue, defaultTags: PropertyBag): FoundChange[] {
  if (hasUnknown(wanted)) return [{ path: "tags", kind: "update" }];
  const own = isBag(wanted) ? wanted : {};
  const ownBefore = isBag(previous.tags) ? previous.tags : {};
  const before = isBag(previous.tagsAll) ? previous.tagsAll : ownBefore;
  const after = { ...defaultTags, ...own };
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const parent = key in own || key in ownBefore ? "tags" : "tagsAll";
    return walk(`${parent}${step(key)}`, before[key], after[key]);
  });
}

function walk(path: string, before: PropertyValue, after: PropertyValue): FoundChange[] {
  if (isSame(before, after)) return [];
  if (isBag(before) && isBag(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => walk(`${path}${step(key)}`, before[key], after[key]));
  }
  if (isList(before) && isList(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) =>
      walk(`${path}[${index}]`, before[index], after[index]),
    ).flat();
  }
  return [{ path, kind: kindOf(before, after) }];
}

function kindOf(before: PropertyValue, after: PropertyValue): ChangeKind {
  if (isEmpty(before)) return "add";
  return isEmpty(after) ? "delete" : "update";
}

const step = (key: string) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some(
    (prefix) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
  );
}
