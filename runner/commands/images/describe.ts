import type { InUseSet, Use } from "../../in-use/merge.ts";
import type { Blob, Entry } from "../../registry/contents.ts";
import { commitOf, isOwnTag } from "../../tags/own.ts";

/** An image of a repository: an index with its platforms, or one platform's manifest alone. */
export interface RepositoryImage {
  readonly digest: string;
  readonly pushedAt: Date | undefined;
  /** Tags except Slipway's own. */
  readonly tags: readonly string[];
  /** Slipway's own: `src-…`, `inuse-…`, `lastgood-…`. */
  readonly ownTags: readonly string[];
  readonly platforms: readonly {
    /** `unknown` for a manifest without an index, because only its configuration names the platform. */
    readonly platform: string;
    readonly digest: string;
    /** Compressed size of layers and configuration, which a pull transfers. */
    readonly bytes: number;
  }[];
  /** Size of the distinct blobs of all platforms. */
  readonly bytes: number;
  /** Share of the size that no other image of the repository uses, and that deleting the image would free. */
  readonly uniqueBytes: number;
  /** Share of the size that other images also use. */
  readonly sharedBytes: number;
  /** The commit, if a tag names it. */
  readonly commit?: string;
  /** What runs it, or the reason to keep it; empty if there is neither. */
  readonly uses: readonly Use[];
}

/** A manifest in a repository that is not an image: a cache, a signature, a release record. */
export interface RepositoryArtifact {
  readonly digest: string;
  /** Display name: `release record`, `build cache`, `signature`, or the media type itself. */
  readonly what: string;
  readonly pushedAt: Date | undefined;
  readonly tags: readonly string[];
  readonly bytes: number;
  /** Digest of its subject. */
  readonly subject?: string;
}

export interface RepositoryListing {
  /** Newest first. */
  readonly images: readonly RepositoryImage[];
  readonly artifacts: readonly RepositoryArtifact[];
}

/** Media types of the configuration of an image; a manifest with any other is an artifact. */
const imageConfigurations = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/**
 * Sorts a repository's entries into images and artifacts. Manifests that an index lists are part of its
 * image.
 *
 * @param platform the platform of images without an index, if the service has only one
 */
export function describeRepository(
  entries: readonly Entry[],
  inUse: InUseSet,
  platform?: string,
): RepositoryListing {
  const byDigest = new Map(entries.map((entry) => [entry.digest, entry]));
  const roots = rootsOf(entries);
  const images = roots.filter((entry) => artifactOf(entry, byDigest) === undefined);
  const sizes = sizesOf(new Map(images.map((entry) => [entry.digest, blobsOf(entry, byDigest)])));
  return {
    images: images
      .map((entry): RepositoryImage => {
        const commit = commitOf(entry.tags);
        return {
          digest: entry.digest,
          pushedAt: entry.pushedAt,
          tags: entry.tags.filter((tag) => !isOwnTag(tag)).toSorted(),
          ownTags: entry.tags.filter((tag) => isOwnTag(tag)).toSorted(),
          platforms: platformsOf(entry, byDigest, platform),
          ...sizes(entry.digest),
          ...(commit === undefined ? {} : { commit }),
          uses: inUse.get(entry.digest) ?? [],
        };
      })
      .toSorted(newestFirst),
    artifacts: roots.flatMap((entry) => artifactOf(entry, byDigest) ?? []).toSorted(newestFirst),
  };
}

/** What no index lists: indexes, and manifests that stand alone. */
function rootsOf(entries: readonly Entry[]): readonly Entry[] {
  const listed = new Set(
    entries.flatMap(({ content }) =>
      content.kind === "index" ? content.children.map(({ digest }) => digest) : [],
    ),
  );
  return entries.filter(({ digest }) => !listed.has(digest));
}

/** The bytes of each image, and how many of them no other image has, from the blobs of all images. */
function sizesOf(blobs: ReadonlyMap<string, ReadonlyMap<string, number>>) {
  const holders = new Map<string, number>();
  for (const own of blobs.values()) {
    for (const digest of own.keys()) holders.set(digest, (holders.get(digest) ?? 0) + 1);
  }
  return (image: string): Pick<RepositoryImage, "bytes" | "uniqueBytes" | "sharedBytes"> => {
    const own = [...(blobs.get(image) ?? [])];
    const bytes = sumOf(own.map(([, size]) => size));
    const uniqueBytes = sumOf(own.filter(([digest]) => holders.get(digest) === 1).map(([, size]) => size));
    return { bytes, uniqueBytes, sharedBytes: bytes - uniqueBytes };
  };
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

interface Pushed {
  readonly pushedAt: Date | undefined;
}

function newestFirst(a: Pushed, b: Pushed): number {
  return (b.pushedAt?.getTime() ?? 0) - (a.pushedAt?.getTime() ?? 0);
}

function platformsOf(
  { digest, content }: Entry,
  byDigest: ReadonlyMap<string, Entry>,
  only: string | undefined,
): RepositoryImage["platforms"] {
  if (content.kind !== "index") {
    return [{ platform: only ?? "unknown", digest, bytes: bytesOf(content) }];
  }
  return content.children.flatMap((child) => {
    if (child.platform === undefined) return [];
    const found = byDigest.get(child.digest);
    return [
      {
        platform: child.platform,
        digest: child.digest,
        bytes: found === undefined ? 0 : bytesOf(found.content),
      },
    ];
  });
}

function bytesOf(content: Entry["content"]): number {
  return content.kind === "manifest" ? sumOf(content.blobs.map(({ bytes }) => bytes)) : 0;
}

/** The distinct blobs of an image and of the manifests that it lists. */
function blobsOf({ content }: Entry, byDigest: ReadonlyMap<string, Entry>): ReadonlyMap<string, number> {
  const contents =
    content.kind === "index"
      ? content.children.flatMap(({ digest }) => byDigest.get(digest)?.content ?? [])
      : [content];
  const blobs = contents.flatMap((one): readonly Blob[] => (one.kind === "manifest" ? one.blobs : []));
  return new Map(blobs.map(({ digest, bytes }) => [digest, bytes]));
}

/** The display name of an entry that is not an image. */
function artifactOf(entry: Entry, byDigest: ReadonlyMap<string, Entry>): RepositoryArtifact | undefined {
  const { digest, content, pushedAt, tags } = entry;
  const what = nameOfArtifact(entry);
  if (what === undefined) return undefined;
  const bytes = sumOf([...blobsOf(entry, byDigest).values()]);
  const subject = content.kind === "manifest" ? content.subject : undefined;
  return { digest, what, pushedAt, tags, bytes, ...(subject === undefined ? {} : { subject }) };
}

function nameOfArtifact({ tags, content }: Entry): string | undefined {
  const tag = tags.find((one) => /^sha256-[0-9a-f]{64}/.test(one));
  if (tag?.endsWith(".sig")) return "signature";
  if (tag?.endsWith(".att")) return "attestation";
  if (content.kind === "unknown") return "unknown";
  if (content.kind === "index") {
    // A list of no platform is the specification's fallback for registries without a referrers endpoint;
    // those that a newer one has replaced have no tag any more.
    const isImage = content.children.some(({ platform }) => platform !== undefined);
    return isImage ? content.artifactType : "referrers index";
  }
  if (content.subject === undefined && imageConfigurations.includes(content.type)) return undefined;
  return artifactName(content.type);
}

/** The display name of an artifact of this media type. */
export function artifactName(type: string): string {
  const names: readonly (readonly [RegExp, string])[] = [
    [/slipway\.release/, "release record"],
    [/slipway\.retired/, "retired keep-tags"],
    [/buildkit\.cacheconfig/, "build cache"],
    [/cosign|sigstore|notary|signature/, "signature"],
    [/spdx|cyclonedx/, "SBOM"],
    [/in-toto|attestation/, "attestation"],
  ];
  return names.find(([pattern]) => pattern.test(type))?.[1] ?? (type === "" ? "unknown" : type);
}
