/** A layer or configuration of an image; blobs of one digest are stored once. */
export interface StoredBlob {
  readonly digest: string;
  /** Compressed size, as it is stored. */
  readonly bytes: number;
}

/** Something that holds blobs: an image of any repository. */
export interface BlobHolder {
  readonly blobs: readonly StoredBlob[];
}

/**
 * What images take up: each blob once, however many of them have it. The sum of the images' sizes, as
 * DescribeImages gives them, counts a shared layer many times.
 */
export function distinctBytes(holders: Iterable<BlobHolder>): number {
  const seen = new Set<string>();
  let total = 0;
  for (const { blobs } of holders) {
    for (const { digest, bytes } of blobs) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      total += bytes;
    }
  }
  return total;
}

/**
 * What each of several images frees when they go one after the other: a blob is freed when the last image that
 * has it goes.
 *
 * @param going in the order in which they go; all of them are among `all`
 * @param all every image of the registry that is known
 */
export function freedInOrder<Holder extends BlobHolder>(
  going: readonly Holder[],
  all: Iterable<BlobHolder>,
): ReadonlyMap<Holder, number> {
  const holders = new Map<string, number>();
  for (const one of all)
    for (const digest of distinct(one).keys()) holders.set(digest, (holders.get(digest) ?? 0) + 1);
  return new Map(
    going.map((one) => {
      let freed = 0;
      for (const [digest, bytes] of distinct(one)) {
        const left = (holders.get(digest) ?? 1) - 1;
        holders.set(digest, left);
        if (left === 0) freed += bytes;
      }
      return [one, freed];
    }),
  );
}

/**
 * The bytes of images by what they are, each blob once: it belongs to the first of the kinds that has it. The
 * sum is what all of them take up.
 *
 * @param kinds in order of precedence
 */
export function bytesByKind<Kind extends string>(
  images: readonly (BlobHolder & { readonly what: Kind })[],
  kinds: readonly Kind[],
): ReadonlyMap<Kind, number> {
  const seen = new Set<string>();
  const byKind = Map.groupBy(images, ({ what }) => what);
  return new Map(
    kinds.map((kind) => {
      let total = 0;
      for (const { blobs } of byKind.get(kind) ?? []) {
        for (const { digest, bytes } of blobs) {
          if (seen.has(digest)) continue;
          seen.add(digest);
          total += bytes;
        }
      }
      return [kind, total];
    }),
  );
}

function distinct({ blobs }: BlobHolder): ReadonlyMap<string, number> {
  return new Map(blobs.map(({ digest, bytes }) => [digest, bytes]));
}
