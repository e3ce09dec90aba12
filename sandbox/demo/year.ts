import pMap from "p-map";
import { type Blob, blobOf, digestOf } from "../../runner/registry/blob.ts";
import type { RegistryConnection } from "../../runner/registry/connection.ts";
import { putBlob, putManifest } from "../../runner/registry/push.ts";

/** An image of the year, with when it was pushed. */
export interface YearImage {
  readonly tags: readonly string[];
  readonly pushedDaysAgo: number;
  readonly pulledDaysAgo?: number;
  readonly digest: string;
  readonly text: string;
  readonly blobs: readonly Blob[];
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

const releases = 36;

/** A release of the year, by how many came after it: `v1.35.0` is the newest. */
export const releaseTag = (newer: number) => `v1.${releases - 1 - newer}.0`;

/**
 * A year of one busy repository, small: a release every ten days, builds of main, pull requests, what lost its tag, build
 * caches, and bills of materials whose image is gone. The same bytes each time.
 */
export function yearOfImages(): readonly YearImage[] {
  const each = (count: number, make: (index: number) => YearImage) =>
    Array.from({ length: count }, (_, index) => make(index));
  return [
    ...each(releases, (newer) => imageOf(`release ${newer}`, [releaseTag(newer)], 3 + newer * 10)),
    ...each(24, (index) => imageOf(`main ${index}`, [`main-${hex(`main ${index}`)}`], 1 + index * 6)),
    ...each(12, (index) => imageOf(`pr ${index}`, [`pr-${200 - index}`], 2 + index * 4)),
    ...each(6, (index) => imageOf(`moved ${index}`, [], 5 + index * 30)),
    ...each(3, (index) =>
      imageOf(`cache ${index}`, [], 10 + index * 20, {
        config: "application/vnd.buildkit.cacheconfig.v0",
      }),
    ),
    ...each(2, (index) =>
      imageOf(`bill of materials ${index}`, [], 40 + index * 50, {
        artifactType: "application/spdx+json",
        subject: { mediaType: manifestType, digest: digestOf(`an image that is gone, ${index}`), size: 400 },
      }),
    ),
  ];
}

/** Pushes the year's images, each once under its digest and then under its tags. */
export async function pushYear(
  registry: RegistryConnection,
  repository: string,
  images: readonly YearImage[],
): Promise<void> {
  const blobs = new Map(images.flatMap((image) => image.blobs.map((blob) => [blob.digest, blob])));
  await pMap(blobs.values(), (blob) => putBlob(registry, repository, blob), { concurrency: 8 });
  await pMap(
    images,
    async ({ digest, tags, text }) => {
      for (const reference of tags.length === 0 ? [digest] : tags)
        await putManifest(registry, repository, reference, { mediaType: manifestType, text });
    },
    { concurrency: 8 },
  );
}

function imageOf(
  name: string,
  tags: readonly string[],
  pushedDaysAgo: number,
  { config: type = configType, ...more }: { readonly config?: string; readonly [key: string]: unknown } = {},
): YearImage {
  const config = blobOf(type, JSON.stringify({ architecture: "amd64", os: "linux", comment: name }));
  // Every quarter has a base image of its own, which its images share.
  const layers = [
    blobOf(layerType, `base of quarter ${Math.floor(pushedDaysAgo / 92)}\n`.repeat(10_000)),
    blobOf(layerType, `content of ${name}\n`.repeat(2_000)),
  ];
  const descriptor = ({ mediaType, digest, bytes }: Blob) => ({ mediaType, digest, size: bytes.length });
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor(config),
    layers: layers.map(descriptor),
    ...more,
  });
  const source = tags.length === 0 ? [] : [`src-${hex(name)}${hex(text)}`];
  return {
    tags: [...tags, ...source],
    pushedDaysAgo,
    digest: digestOf(text),
    text,
    blobs: [config, ...layers],
  };
}

/** Seven digits, as of a commit. */
function hex(text: string): string {
  return digestOf(text).slice("sha256:".length).slice(0, 7);
}
