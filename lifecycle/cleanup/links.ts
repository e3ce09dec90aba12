import type { CleanupImage } from "./model.ts";

/** What hangs together in a repository. */
export interface Links {
  readonly byDigest: ReadonlyMap<string, CleanupImage>;
  /** Manifest → indexes that list it. */
  readonly listedBy: (digest: string) => readonly string[];
  /** Image → artifacts that are attached to it, and the index that lists them under a tag. */
  readonly referrersOf: (digest: string) => readonly string[];
}

/**
 * Digest of what an artifact is attached to: its subject, or what the tag of a list of referrers (or of one of
 * cosign's older signatures) names; undefined for anything else.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function attachedTo({ subject, tags }: CleanupImage): string | undefined {
  if (subject !== undefined) return subject;
  const named = tags.map(subjectOfTag);
  const [first] = named;
  // With a tag of another kind it is somebody's, whatever else it is.
  return first !== undefined && named.every((one) => one === first) ? first : undefined;
}

/** `sha256:<hex>` of the tags `sha256-<hex>`, `sha256-<hex>.sig`, `.att` and `.sbom`. */
export function subjectOfTag(tag: string): string | undefined {
  const [, hex] = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/.exec(tag) ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Whether an image has a tag that somebody made, and not a registry's client to list referrers. */
export function isNamed({ tags }: CleanupImage): boolean {
  return tags.some((tag) => subjectOfTag(tag) === undefined);
}

export function linksOf(images: readonly CleanupImage[]): Links {
  const listedBy = new Map<string, string[]>();
  const referrers = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, to: string, from: string) => {
    if (to === from) return;
    const known = map.get(to);
    if (known === undefined) map.set(to, [from]);
    else known.push(from);
  };
  for (const image of images) {
    for (const child of new Set(image.children)) add(listedBy, child, image.digest);
    const subject = attachedTo(image);
    if (subject !== undefined) add(referrers, subject, image.digest);
  }
  return {
    byDigest: new Map(images.map((image) => [image.digest, image])),
    listedBy: (digest) => listedBy.get(digest) ?? [],
    referrersOf: (digest) => referrers.get(digest) ?? [],
  };
}

/** An image, what it lists, and what is attached to any of that, at any depth. */
export function wholeOf(digest: string, links: Links): ReadonlySet<string> {
  const whole = new Set([digest]);
  for (const one of whole) {
    const { children = [] } = links.byDigest.get(one) ?? {};
    for (const part of [...children, ...links.referrersOf(one)])
      if (links.byDigest.has(part)) whole.add(part);
  }
  return whole;
}
