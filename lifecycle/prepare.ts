import { orderedBy, type StoredImage } from "./image.ts";
import { type LifecyclePolicy, type LifecycleRule, storageClassOfRule } from "./policy.ts";
import { testsOf } from "./select.ts";

/** An image with what does not change from one run of the policy to the next. */
export interface PreparedImage {
  readonly image: StoredImage;
  /** Milliseconds of its push. */
  readonly pushedAt: number;
  /** Milliseconds of its push or restoration. */
  readonly orderedBy: number;
  /** Positions of the rules whose tag requirements it meets, by storage class of the rule. */
  readonly selectedBy: Readonly<Record<"standard" | "archive", readonly number[]>>;
  /** Positions of the indexes that list it. */
  readonly parents: readonly number[];
  /** Position of its subject; undefined also if the repository does not have it. */
  readonly subject: number | undefined;
}

/** A policy and a repository, made ready for any number of runs. */
export interface Prepared {
  /** By priority, the first to act first. */
  readonly rules: readonly LifecycleRule[];
  /** Newest first; of the same instant by digest. */
  readonly images: readonly PreparedImage[];
  /** Positions of the artifacts whose subject the repository has. */
  readonly attached: readonly number[];
}

/**
 * Sorts rules and images, and finds what each rule selects: tags don't change by a run.
 *
 * "Expiration is always ordered by pushed_at_time […], and always expires older images before newer ones. If an
 * image was archived and then restored […], then the image's last_activated_at_time is used."
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
 */
export function prepare(policy: LifecyclePolicy, images: readonly StoredImage[]): Prepared {
  const rules = policy.rules.toSorted((one, other) => one.rulePriority - other.rulePriority);
  const sorted = images
    .map((image) => ({ image, orderedBy: orderedBy(image).getTime() }))
    .sort(
      (one, other) => other.orderedBy - one.orderedBy || (one.image.digest < other.image.digest ? -1 : 1),
    );
  const positions = new Map(sorted.map(({ image }, position) => [image.digest, position]));
  const parents = new Map<string, number[]>();
  for (const [position, { image }] of sorted.entries()) {
    for (const child of image.children) {
      const known = parents.get(child);
      if (known === undefined) parents.set(child, [position]);
      else known.push(position);
    }
  }
  const selectors = rules.map(selectorOf);
  const classes = rules.map(storageClassOfRule);
  const nothing: readonly number[] = [];
  const prepared = sorted.map(({ image, orderedBy }): PreparedImage => {
    const selectedBy = { standard: [] as number[], archive: [] as number[] };
    for (const [position, storageClass] of classes.entries()) {
      if (selectors[position]?.(image.tags)) selectedBy[storageClass].push(position);
    }
    return {
      image,
      pushedAt: image.pushedAt.getTime(),
      orderedBy,
      selectedBy,
      parents: parents.get(image.digest) ?? nothing,
      subject: image.subject === undefined ? undefined : positions.get(image.subject),
    };
  });
  const attached = prepared.flatMap(({ subject }, position) => (subject === undefined ? [] : [position]));
  return { rules, images: prepared, attached };
}

function selectorOf({ selection }: LifecycleRule): (tags: readonly string[]) => boolean {
  switch (selection.tagStatus) {
    case "any":
      return () => true;
    case "untagged":
      return (tags) => tags.length === 0;
    case "tagged": {
      const tests = testsOf(selection);
      return (tags) => tests.every((matches) => tags.some(matches));
    }
  }
}
