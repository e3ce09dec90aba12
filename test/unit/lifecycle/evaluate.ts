import type { Rule } from "./rules-of-ecr.ts";

/** A manifest in a repository, as a lifecycle policy sees it. */
export interface Manifest {
  readonly id: string;
  readonly tags: readonly string[];
  readonly pushedDaysAgo: number;
  /** The index that refers to it: it can't go before that does. */
  readonly childOf?: string;
  /** What it is attached to, for an artifact with a subject: ECR deletes it with that. */
  readonly subject?: string;
}

/** What AWS's documents leave open: which manifests ECR takes for images when it evaluates a policy. */
export interface Reading {
  /** Whether artifacts with a subject are selected and counted. */
  readonly countsArtifacts: boolean;
  /** Whether manifests that an index refers to are. */
  readonly countsChildren: boolean;
}

export const readings: readonly Reading[] = [true, false].flatMap((countsArtifacts) =>
  [true, false].map((countsChildren) => ({ countsArtifacts, countsChildren })),
);

/**
 * What a policy would do to a repository, by the rules of evaluation in ECR's user guide: all rules
 * mark at the same time, then apply by priority; an image that a rule selects by its tags can't be
 * touched by a later one; later rules still count what earlier ones took; a manifest stays as long as
 * an index refers to it. Nothing is in the archive.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
 */
export function evaluate(
  policy: { readonly rules: readonly Rule[] },
  manifests: readonly Manifest[],
  { countsArtifacts, countsChildren }: Reading = { countsArtifacts: true, countsChildren: true },
): { readonly expired: string[]; readonly archived: string[] } {
  const seen = manifests.filter(
    ({ subject, childOf }) =>
      (countsArtifacts || subject === undefined) && (countsChildren || childOf === undefined),
  );
  const expired = new Set<string>();
  const archived = new Set<string>();
  const spokenFor = new Set<string>();
  const rules = [...policy.rules].sort((a, b) => a.rulePriority - b.rulePriority);
  for (const { selection, action } of rules) {
    if (selection.storageClass === "archive") continue;
    const selected = seen.filter((manifest) => selects(selection, manifest));
    const youngestFirst = [...selected].sort((a, b) => a.pushedDaysAgo - b.pushedDaysAgo);
    const marked =
      selection.countType === "imageCountMoreThan"
        ? youngestFirst.slice(selection.countNumber)
        : youngestFirst.filter((manifest) => manifest.pushedDaysAgo > selection.countNumber);
    for (const { id } of marked) {
      if (!spokenFor.has(id)) (action.type === "expire" ? expired : archived).add(id);
    }
    for (const { id } of selected) spokenFor.add(id);
  }
  for (const { id, childOf } of manifests) {
    if (childOf === undefined) continue;
    if (!expired.has(childOf)) expired.delete(id);
    if (!archived.has(childOf)) archived.delete(id);
    if (!countsChildren && expired.has(childOf)) expired.add(id);
  }
  for (const { id, subject } of manifests) {
    if (subject !== undefined && expired.has(subject)) expired.add(id);
  }
  return { expired: [...expired].sort(), archived: [...archived].sort() };
}

function selects(selection: Rule["selection"], manifest: Manifest): boolean {
  switch (selection.tagStatus) {
    case "any":
      return true;
    case "untagged":
      return manifest.tags.length === 0;
    default: {
      const each = [
        ...(selection.tagPrefixList ?? []).map((prefix) => (tag: string) => tag.startsWith(prefix)),
        ...(selection.tagPatternList ?? []).map((pattern) => (tag: string) => matches(pattern, tag)),
      ];
      // All of a list, by whichever tags: AND is what a list means.
      return each.every((fits) => manifest.tags.some(fits));
    }
  }
}

function matches(pattern: string, tag: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return tag === pattern;
  const last = rest.pop() ?? "";
  if (!tag.startsWith(first) || !tag.endsWith(last) || tag.length < first.length + last.length) return false;
  let middle = tag.slice(first.length, tag.length - last.length);
  for (const part of rest) {
    const at = middle.indexOf(part);
    if (at === -1) return false;
    middle = middle.slice(at + part.length);
  }
  return true;
}
