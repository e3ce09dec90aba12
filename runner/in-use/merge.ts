import type { ImageUse } from "../targets/image-use.ts";

/** A user of an image, the reason, and how sure it is. */
export type Use = Pick<ImageUse, "where" | "why" | "certainty">;

/** A use of an image that is known by its digest. */
export interface DigestUse extends Use {
  readonly digest: string;
}

/** The images of one repository that must stay: digest → who needs it. */
export type InUseSet = ReadonlyMap<string, readonly Use[]>;

/**
 * Joins what is known about the uses of a repository's images, and carries it over to what hangs together:
 * an index is needed when one of its manifests is (without it, ECR would let the manifest go), and all
 * manifests of an index are when it is. Each use once, sorted.
 *
 * @param indexes index → manifests that it lists
 */
export function mergeUses(
  uses: readonly DigestUse[],
  indexes: ReadonlyMap<string, readonly string[]>,
): InUseSet {
  const found = new Map<string, Map<string, Use>>();
  const add = (digest: string, { where, why, certainty }: Use) => {
    const known = found.get(digest) ?? new Map<string, Use>();
    const key = JSON.stringify([where, why]);
    const before = known.get(key);
    // Of two that say the same, the one that is sure counts.
    if (before !== undefined && before.certainty === undefined) return;
    found.set(digest, known.set(key, { where, why, ...(certainty !== undefined && { certainty }) }));
  };
  for (const use of uses) add(use.digest, use);
  for (const [index, manifests] of indexes) {
    // Asked of what was named itself: a manifest that two indexes share does not make one need the other.
    for (const use of uses) if (manifests.includes(use.digest)) add(index, use);
  }
  // An index may list indexes: what is in them is needed as well.
  const waiting = [...found.keys()].filter((digest) => indexes.has(digest));
  for (const index of waiting) {
    for (const manifest of indexes.get(index) ?? []) {
      const before = found.get(manifest)?.size ?? 0;
      for (const use of found.get(index)?.values() ?? []) add(manifest, use);
      if (indexes.has(manifest) && (found.get(manifest)?.size ?? 0) > before) waiting.push(manifest);
    }
  }
  const order = (a: Use, b: Use) => a.where.localeCompare(b.where) || a.why.localeCompare(b.why);
  return new Map([...found].map(([digest, known]) => [digest, [...known.values()].toSorted(order)]));
}
