import type { StoredImage } from "./image.ts";

const day = 86_400_000;

/** How pushes are assumed to go on. */
export interface PushRate {
  /** Images a day, of all kinds; undefined: as in the days before. */
  readonly perDay?: number;
  /** How many days, back for what to repeat and ahead for how long. */
  readonly days: number;
  /**
   * Whether a tag moves with the image that it stands for (`latest`, `inuse-…`). A repeated push does not get it,
   * and the image that has it keeps it.
   */
  readonly isMoving: (tag: string) => boolean;
}

/**
 * The images that will be pushed if pushes go on as before: those of the last days once more, each as long after
 * now as it was pushed before, with its platforms and what is attached to it. With a rate of its own, they
 * follow each other evenly instead, in the order in which they were pushed. Without a push in these days there is
 * nothing to repeat.
 */
export function expectedPushes(
  images: readonly StoredImage[],
  now: Date,
  rate: PushRate,
): readonly StoredImage[] {
  const byDigest = new Map(images.map((image) => [image.digest, image]));
  const listed = new Set(images.flatMap(({ children }) => children));
  const attached = Map.groupBy(
    images.filter(({ subject }) => subject !== undefined),
    ({ subject }) => subject,
  );
  const since = now.getTime() - rate.days * day;
  const recent = images
    .filter(({ digest, subject }) => !listed.has(digest) && subject === undefined)
    .filter(({ pushedAt }) => pushedAt.getTime() > since && pushedAt <= now)
    .sort((one, other) => one.pushedAt.getTime() - other.pushedAt.getTime());
  if (recent.length === 0) return [];
  const times =
    rate.perDay === undefined
      ? recent.map(({ pushedAt }) => pushedAt.getTime() + rate.days * day)
      : Array.from(
          { length: Math.floor(rate.perDay * rate.days) },
          (_, index) => now.getTime() + ((index + 1) * day) / (rate.perDay ?? 1),
        );
  return times.flatMap((time, index) => {
    const root = recent[index % recent.length] as StoredImage;
    return pushAgain(root, `#${index + 1}`, new Date(time), rate, { byDigest, attached });
  });
}

function pushAgain(
  root: StoredImage,
  suffix: string,
  pushedAt: Date,
  { isMoving }: PushRate,
  found: {
    readonly byDigest: ReadonlyMap<string, StoredImage>;
    readonly attached: ReadonlyMap<string | undefined, readonly StoredImage[]>;
  },
): readonly StoredImage[] {
  const children = root.children.flatMap((digest) => found.byDigest.get(digest) ?? []);
  const artifacts = [root, ...children].flatMap(({ digest }) => found.attached.get(digest) ?? []);
  return [root, ...children, ...artifacts].map((image) => ({
    digest: `${image.digest}${suffix}`,
    tags: image.tags.filter((tag) => !isMoving(tag)),
    pushedAt,
    children: image.children.map((child) => `${child}${suffix}`),
    ...(image.subject !== undefined && { subject: `${image.subject}${suffix}` }),
  }));
}

/** Whether a digest is of an image that `expectedPushes` made up. */
export function isExpected(digest: string): boolean {
  return digest.includes("#");
}
