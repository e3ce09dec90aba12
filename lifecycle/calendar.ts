import { type BlobHolder, countHolders, freedInOrder, type Holders } from "./bytes.ts";
import type { StoredImage } from "./image.ts";
import { type Outlook, outlookOfPrepared } from "./outlook.ts";
import type { Prepared } from "./prepare.ts";

/** An image with what it stores. */
export interface CalendarImage extends StoredImage, BlobHolder {}

/** An image that will go, with its platforms and artifacts as far as they go as well. */
export interface CalendarEntry {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date;
  readonly action: "expire" | "archive";
  /** By the reading of the rules that takes it first. */
  readonly first: Date;
  /** By the reading that takes it last; undefined when one of them keeps it. */
  readonly last: Date | undefined;
  readonly priorities: readonly number[];
  /** Platforms and artifacts that go with it. */
  readonly parts: number;
  /** Bytes that no image has once it and what went before it are gone. */
  readonly freedBytes: number;
}

/** A repository, and the policy that is asked about. */
export interface CalendarRequest {
  /** Of the policy that is asked about: the images, and those that are expected to be pushed, which are not listed. */
  readonly prepared: Prepared;
  readonly images: readonly CalendarImage[];
  readonly now: Date;
  readonly until?: Date;
  /** How many images have each blob, of all repositories that may share them. Default: of this one alone. */
  readonly holders?: Holders;
}

/**
 * What goes and when, the first to go first: a line for each image that no index lists and that is attached to
 * nothing, or that goes by itself. Freed bytes are counted over the repositories that are known, since a blob can
 * be in several images.
 */
export function calendarOf(request: CalendarRequest): readonly CalendarEntry[] {
  const { prepared, images, now, until, holders = countHolders(images) } = request;
  const outlook = outlookOfPrepared(prepared, { now, ...(until && { until }) });
  const known = new Map(images.map((image) => [image.digest, image]));
  const rootOf = rootsOf(images, outlook);
  const going = images
    .filter(({ digest }) => outlook.get(digest) !== undefined)
    .toSorted((one, other) => firstOf(outlook, one) - firstOf(outlook, other) || compare(one, other));
  const expiring = going.filter(({ digest }) => outlook.get(digest)?.expires !== undefined);
  const freed = freedInOrder(expiring, holders);
  return [...Map.groupBy(going, ({ digest }) => rootOf(digest))].flatMap(
    ([digest, parts]): CalendarEntry[] => {
      const image = known.get(digest);
      const fate = outlook.get(digest);
      const span = fate?.expires ?? fate?.archives;
      if (image === undefined || span === undefined) return [];
      return [
        {
          digest,
          tags: image.tags,
          pushedAt: image.pushedAt,
          action: fate?.expires === undefined ? "archive" : "expire",
          ...span,
          parts: parts.length - 1,
          freedBytes: parts.reduce((sum, part) => sum + (freed.get(part) ?? 0), 0),
        },
      ];
    },
  );
}

function firstOf(outlook: ReadonlyMap<string, Outlook>, { digest }: StoredImage): number {
  const { expires, archives } = outlook.get(digest) ?? {};
  return (expires ?? archives)?.first.getTime() ?? 0;
}

function compare(one: StoredImage, other: StoredImage): number {
  return one.pushedAt.getTime() - other.pushedAt.getTime() || (one.digest < other.digest ? -1 : 1);
}

/** The image that a manifest is shown with: what lists it or what it is attached to, if that goes as well. */
function rootsOf(
  images: readonly StoredImage[],
  outlook: ReadonlyMap<string, Outlook>,
): (digest: string) => string {
  const owners = new Map<string, string>();
  for (const { digest, children, subject } of images) {
    for (const child of children) if (!owners.has(child)) owners.set(child, digest);
    if (subject !== undefined) owners.set(digest, subject);
  }
  return (digest) => {
    const passed = new Set([digest]);
    let root = digest;
    for (let owner = owners.get(root); owner !== undefined && outlook.has(owner); owner = owners.get(root)) {
      if (passed.has(owner)) break;
      passed.add(owner);
      root = owner;
    }
    return root;
  };
}
