import type { StoredImage } from "./image.ts";
import { type LifecyclePolicy, type LifecycleRule, storageClassOfRule } from "./policy.ts";
import { prepare } from "./prepare.ts";
import { selectionName } from "./select.ts";

/** Something about a policy that is probably not what was meant. */
export interface LintFinding {
  readonly kind:
    | "never-matches"
    | "shadowed"
    | "needs-all-tags"
    | "no-rule"
    | "tagged-without-limit"
    | "untagged-without-limit";
  /** Priority of the rule; undefined for what no rule is about. */
  readonly priority: number | undefined;
  /** What it is about: a selection, or tags. */
  readonly what: string;
  /** Number of images that it is about. */
  readonly images: number;
}

/**
 * What is odd about a policy in view of the images that are there. An index's manifests and artifacts with a
 * subject go with what they belong to, so only the other images are looked at.
 *
 * @param isMeantToStay whether something writes this tag again and again, so that what has it needs no rule. Where
 *   it is given, such tags limit themselves, and only others are worth a finding.
 */
export function lintPolicy(
  policy: LifecyclePolicy,
  all: readonly StoredImage[],
  isMeantToStay?: (tag: string) => boolean,
): readonly LintFinding[] {
  const { rules, images } = prepare(policy, all);
  const roots = images.filter(({ parents, subject }) => parents.length === 0 && subject === undefined);
  const ofRules = rules.flatMap((rule, position): LintFinding[] => {
    const { rulePriority: priority, selection } = rule;
    const what = selectionName(selection);
    const storageClass = storageClassOfRule(rule);
    const selected = roots.filter(({ selectedBy }) => selectedBy[storageClass].includes(position));
    const decided = selected.filter(({ selectedBy }) => selectedBy[storageClass][0] === position);
    const finding = (kind: LintFinding["kind"]): LintFinding => ({
      kind,
      priority,
      what,
      images: selected.length,
    });
    if (selected.length === 0 && roots.length > 0 && selection.tagStatus === "tagged") {
      return [finding(isOfSeveral(rule) ? "needs-all-tags" : "never-matches")];
    }
    return selected.length > 0 && decided.length === 0 ? [finding("shadowed")] : [];
  });
  return [
    ...ofRules,
    ...withoutLimit(rules).filter(({ kind }) => kind !== "tagged-without-limit" || !isMeantToStay),
    ...withoutRule(roots.filter(({ image }) => !image.tags.some((tag) => isMeantToStay?.(tag)))),
  ];
}

function isOfSeveral({ selection }: LifecycleRule): boolean {
  if (selection.tagStatus !== "tagged") return false;
  return ("tagPrefixList" in selection ? selection.tagPrefixList : selection.tagPatternList).length > 1;
}

/** Whether a policy leaves all tagged images, or all untagged ones, to grow without end. */
function withoutLimit(rules: readonly LifecycleRule[]): readonly LintFinding[] {
  const limits = rules.filter(
    ({ selection }) => storageClassOfRule({ selection } as LifecycleRule) === "standard",
  );
  const has = (...statuses: string[]) =>
    limits.some(({ selection }) => statuses.includes(selection.tagStatus));
  const finding = (kind: LintFinding["kind"], what: string): LintFinding => ({
    kind,
    priority: undefined,
    what,
    images: 0,
  });
  return [
    ...(has("tagged", "any") ? [] : [finding("tagged-without-limit", "tagged")]),
    ...(has("untagged", "any") ? [] : [finding("untagged-without-limit", "untagged")]),
  ];
}

/** Images that no rule selects, so that they stay for ever, by the beginning of their tags. */
function withoutRule(
  roots: readonly {
    readonly image: StoredImage;
    readonly selectedBy: { readonly standard: readonly number[] };
  }[],
): readonly LintFinding[] {
  const free = roots.filter(
    ({ image, selectedBy }) => image.archivedAt === undefined && selectedBy.standard.length === 0,
  );
  const families = Map.groupBy(free, ({ image }) => familyOf(image.tags));
  return [...families]
    .map(([what, some]): LintFinding => ({ kind: "no-rule", priority: undefined, what, images: some.length }))
    .toSorted((one, other) => other.images - one.images || one.what.localeCompare(other.what));
}

/** How an image is named, without what differs from one to the next: `main-*`, `v*`, `untagged`. */
function familyOf(tags: readonly string[]): string {
  const own = tags.filter((tag) => !tag.startsWith("src-"));
  const [tag] = (own.length === 0 ? tags : own).toSorted();
  if (tag === undefined) return "untagged";
  const [beginning = ""] = /^[A-Za-z_]*[-_.]?/.exec(tag) ?? [];
  if (/^[0-9a-f]{7,40}$/.test(tag)) return "a commit";
  return beginning === tag ? tag : `${beginning}*`;
}
