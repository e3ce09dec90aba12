import { z } from "zod";
import { type Blob, blobOf, digestOf } from "./blob.ts";

export const artifactManifestType = "application/vnd.oci.image.manifest.v1+json";

/**
 * The empty configuration of an artifact that is not an image.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 */
export const emptyBlob: Blob = blobOf("application/vnd.oci.empty.v1+json", "{}");

/** Descriptor of the subject of an artifact. */
export interface Subject {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
}

export interface Artifact {
  readonly artifactType: string;
  readonly content: Blob;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Subject;
  /** Of a format that is not Slipway's own, so that nothing bounds its size. */
  readonly isForeign?: boolean;
}

/** What a manifest holds of content that others made: ECR takes four megabytes, and lists read them all. */
const mostForeignBytes = 64 * 1024;

/**
 * The manifest of an artifact. Its content is also in the manifest itself, in the descriptor's `data`,
 * so that ECR's BatchGetImage reads it all in one call; `readContent` reads either.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#embedded-content
 */
export function artifactManifest({ artifactType, content, annotations, subject, isForeign }: Artifact) {
  const descriptor = ({ mediaType, digest, bytes }: Blob) => ({
    mediaType,
    digest,
    size: bytes.length,
    ...(isForeign === true && bytes.length > mostForeignBytes
      ? {}
      : { data: Buffer.from(bytes).toString("base64") }),
  });
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: artifactManifestType,
    artifactType,
    config: descriptor(emptyBlob),
    layers: [descriptor(content)],
    ...(subject === undefined ? {} : { subject }),
    annotations,
  });
  return { mediaType: artifactManifestType, text, digest: digestOf(text), size: Buffer.byteLength(text) };
}

const artifactSchema = z.object({
  artifactType: z.string(),
  layers: z.tuple([z.object({ mediaType: z.string(), digest: z.string(), data: z.base64() })]),
  annotations: z.record(z.string(), z.string()).default({}),
});

/**
 * Type, content and annotations of an artifact that `artifactManifest` made; undefined for anything
 * else, and when the content is not what its digest says.
 */
export function readArtifact(text: string) {
  const parsed = artifactSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const { artifactType, annotations, layers } = parsed.data;
  const [layer] = layers;
  const bytes = Buffer.from(layer.data, "base64");
  if (digestOf(bytes) !== layer.digest) return undefined;
  return { artifactType, annotations, content: bytes.toString("utf8") };
}
