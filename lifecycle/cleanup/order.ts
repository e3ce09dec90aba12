import type { Links } from "./links.ts";

/** Where a manifest is in the order of deletion. */
export interface Placed {
  readonly digest: string;
  readonly wave: number;
  readonly after: readonly string[];
}

/**
 * Manifests in the order in which ECR lets them go: an index before what it lists (BatchDeleteImage answers
 * ImageReferencedByManifestList otherwise), and an artifact before its subject, so that none is left without. What
 * is in one wave hangs together in no way, and can go in one call.
 */
export function inWaves(digests: readonly string[], links: Links): readonly Placed[] {
  const all = new Set(digests);
  const waves = new Map<string, number>();
  const after = (digest: string) =>
    [...links.listedBy(digest), ...links.referrersOf(digest)].filter((one) => all.has(one));
  const waveOf = (digest: string, path: ReadonlySet<string>): number => {
    const known = waves.get(digest);
    if (known !== undefined) return known;
    // Two lists of referrers whose tags name each other: any order is as good.
    const before = after(digest).filter((one) => !path.has(one));
    const wave = before.reduce((most, one) => Math.max(most, waveOf(one, new Set([...path, digest])) + 1), 0);
    waves.set(digest, wave);
    return wave;
  };
  return digests
    .map((digest) => {
      const wave = waveOf(digest, new Set([digest]));
      return { digest, wave, after: after(digest).filter((one) => (waves.get(one) ?? 0) < wave) };
    })
    .toSorted((one, other) => one.wave - other.wave);
}

/** What is put back, with what it points to. */
export interface Restorable {
  readonly digest: string;
  readonly children: readonly string[];
  readonly subject?: string | undefined;
}

/** Manifests in the order in which a registry takes them back: what an index lists before it, a subject before its artifacts. */
export function inRestorationOrder<One extends Restorable>(manifests: readonly One[]): readonly One[] {
  const byDigest = new Map(manifests.map((one) => [one.digest, one]));
  const done = new Set<string>();
  const ordered: One[] = [];
  const visit = (digest: string) => {
    const one = byDigest.get(digest);
    if (one === undefined || done.has(digest)) return;
    done.add(digest);
    for (const needed of [...one.children, ...(one.subject === undefined ? [] : [one.subject])])
      visit(needed);
    ordered.push(one);
  };
  for (const { digest } of manifests) visit(digest);
  return ordered;
}
