import type { LifecycleSelection } from "./policy.ts";

/**
 * One test for each prefix or pattern of a selection by tags. An image is selected when each test holds for one
 * of its tags.
 *
 * "If you specify multiple tags, only the images with all specified tags are selected."
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 */
export function testsOf(selection: LifecycleSelection): readonly ((tag: string) => boolean)[] {
  if (selection.tagStatus !== "tagged") return [];
  return "tagPrefixList" in selection
    ? selection.tagPrefixList.map((prefix) => (tag: string) => tag.startsWith(prefix))
    : selection.tagPatternList.map(matcherOf);
}

/** Matches part by part from the left, which takes no more time the more `*` there are. */
function matcherOf(pattern: string): (tag: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (tag) => tag === pattern;
  return (tag) => {
    if (!tag.startsWith(first) || !tag.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = tag.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= tag.length - last.length;
  };
}

/** A selection in words: `v*`, `untagged`, `a* and *-rc` */
export function selectionName(selection: LifecycleSelection): string {
  if (selection.tagStatus !== "tagged") return selection.tagStatus;
  return "tagPrefixList" in selection
    ? selection.tagPrefixList.map((prefix) => `${prefix}*`).join(" and ")
    : selection.tagPatternList.join(" and ");
}
