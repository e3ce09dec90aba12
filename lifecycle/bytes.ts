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

/** How many images have each blob, by its digest. */
export type Holders = ReadonlyMap<string, number>;

/** Counts the images that have each blob, of all repositories that are known. */
export function countHolders(all: Iterable<BlobHolder>): Holders {
  const holders = new Map<string, number>();
  for (const { blobs } of all) {
    for (const [index, { digest }] of blobs.entries()) {
      if (isFirst(blobs, index)) holders.set(digest, (holders.get(digest) ?? 0) + 1);
    }
  }
  return holders;
}

/**
 * What each of several images frees when they go one after the other: a blob is freed when the last image that
 * has it goes.
 *
 * @param going in the order in which they go
 * @param holders counted over every image of the registry that is known, with those that go
 */
export function freedInOrder<Holder extends BlobHolder>(
  going: readonly Holder[],
  holders: Holders,
): ReadonlyMap<Holder, number> {
  const left = new Map<string, number>();
  return new Map(
    going.map((one) => {
      let freed = 0;
      for (const [index, { digest, bytes }] of one.blobs.entries()) {
        if (!isFirst(one.blobs, index)) continue;
        const others = (left.get(digest) ?? holders.get(digest) ?? 1) - 1;
        left.set(digest, others);
        if (others === 0) freed += bytes;
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

/** Whether no blob before it is the same. An image has a few layers, so that looking is quicker than a set. */
function isFirst(blobs: readonly StoredBlob[], index: number): boolean {
  const digest = blobs[index]?.digest;
  for (let before = 0; before < index; before += 1) if (blobs[before]?.digest === digest) return false;
  return true;
}
