import { z } from "zod";

/** Media types asked of the registry: indexes and manifests, OCI's and Docker's. */
export const acceptedMediaTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Media types of a single platform's image, which Lambda accepts; it does not accept an index. */
export const imageManifestMediaTypes: readonly string[] = acceptedMediaTypes.slice(2);

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const indexSchema = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(
    z.object({
      mediaType: z.string().optional(),
      digest,
      platform: z
        .object({
          os: z.string(),
          architecture: z.string(),
          variant: z.string().optional(),
          "os.version": z.string().optional(),
        })
        .optional(),
      annotations: z.record(z.string(), z.string()).nullish(),
    }),
  ),
});

const descriptor = z.object({ digest, size: z.int().nonnegative(), mediaType: z.string().optional() });

const imageSchema = z.object({
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor),
});

export interface ImageIndex {
  readonly kind: "index";
  readonly mediaType: string | undefined;
  /** Platform → digest; attestations left out. */
  readonly manifests: Readonly<Record<string, string>>;
}

export interface ImageManifest {
  readonly kind: "image";
  readonly mediaType: string | undefined;
  /** Digest of the configuration blob, which names the platform. */
  readonly config: string;
  readonly layers: number;
  /** Layers and configuration, compressed, as they are pulled. */
  readonly bytes: number;
}

/**
 * Reads a manifest or an index as the registry stores it.
 *
 * @throws ZodError or SyntaxError when it is neither
 */
export function parseManifest(text: string): ImageIndex | ImageManifest {
  const json: unknown = JSON.parse(text);
  if (typeof json === "object" && json !== null && "manifests" in json) {
    const index = indexSchema.parse(json);
    return { kind: "index", mediaType: index.mediaType, manifests: platformsOf(index.manifests) };
  }
  const image = imageSchema.parse(json);
  return {
    kind: "image",
    mediaType: image.mediaType,
    config: image.config.digest,
    layers: image.layers.length,
    bytes: image.layers.reduce((sum, layer) => sum + layer.size, image.config.size),
  };
}

function platformsOf(entries: z.output<typeof indexSchema>["manifests"]): Record<string, string> {
  const manifests: Record<string, string> = {};
  for (const { platform, annotations, digest } of entries) {
    // BuildKit lists attestations as manifests of the platform unknown/unknown, with this annotation:
    // https://docs.docker.com/build/metadata/attestations/attestation-storage/
    if (annotations?.["vnd.docker.reference.type"] !== undefined) continue;
    if (platform === undefined || platform.os === "unknown") continue;
    const name = platformName(platform);
    const version = platform["os.version"];
    // Windows has an image for each of its versions: one that is left out would be neither scanned nor signed.
    const place = manifests[name] === undefined || version === undefined ? name : ofVersion(name, version);
    manifests[place] ??= digest;
  }
  return manifests;
}

/** `windows(10.0.20348.2113)/amd64`, as containerd writes it. */
function ofVersion(name: string, version: string): string {
  return name.replace("/", `(${version})/`);
}

const configSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** The platform that an image's configuration blob names. */
export function platformOfConfig(text: string): string {
  return platformName(configSchema.parse(JSON.parse(text)));
}

/**
 * `linux/arm64`, `linux/arm/v7`: without default variants, as containerd normalises platforms
 * (https://github.com/containerd/platforms/blob/main/database.go).
 */
export function platformName(platform: { os: string; architecture: string; variant?: string | undefined }) {
  const { os, architecture, variant } = platform;
  const implied =
    (architecture === "arm64" && (variant === "v8" || variant === "8")) ||
    (architecture === "amd64" && variant === "v1");
  const shown = architecture === "arm" && variant === undefined ? "v7" : implied ? undefined : variant;
  return shown === undefined || shown === "" ? `${os}/${architecture}` : `${os}/${architecture}/${shown}`;
}

/** A platform as written (`linux/arm64/v8`), in the form in which images are listed (`linux/arm64`). */
export function normalizePlatform(platform: string): string {
  const [os = "", architecture = "", variant] = platform.split("/");
  return platformName({ os, architecture, variant });
}
