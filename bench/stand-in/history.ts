import { digestOf } from "../../runner/registry/blob.ts";

/** A manifest of a repository that was pushed in the past. */
export interface Pushed {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Seconds since 1970, as ECR answers. */
  readonly pushedAt: number;
  readonly text: string;
  readonly mediaType: string;
}

const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
const daySeconds = 86_400;

/**
 * A year of a busy repository: an image of two platforms every few days, the newest with a version. Each has layers
 * of its own and a base that half a month of them shares.
 *
 * @param manifests how many, indexes and platforms together
 * @param now seconds since 1970
 */
export function historyOf(service: string, manifests: number, now: number): readonly Pushed[] {
  const images = Math.floor(manifests / 3);
  return Array.from({ length: images }, (_, index) => {
    const pushedAt = Math.round(now - (index + 1) * ((365 * daySeconds) / images));
    const platforms = ["amd64", "arm64"].map((architecture) => {
      const text = manifestOf(service, index, architecture);
      return { architecture, text, digest: digestOf(text), size: text.length };
    });
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: platforms.map(({ architecture, digest, size }) => ({
        mediaType: manifestType,
        digest,
        size,
        platform: { os: "linux", architecture },
      })),
    });
    const name = index % 4 === 3 ? `pr-${images - index}` : `v1.0.${images - index}`;
    const tags = [name, `src-${digestOf(text).slice(7, 23)}`];
    return [
      { digest: digestOf(text), tags, pushedAt, text, mediaType: indexType },
      ...platforms.map((one) => ({
        digest: one.digest,
        tags: [],
        pushedAt,
        text: one.text,
        mediaType: manifestType,
      })),
    ];
  }).flat();
}

function manifestOf(service: string, index: number, architecture: string): string {
  const blob = (name: string, size: number, mediaType = layerType) => ({
    mediaType,
    digest: digestOf(`${architecture} ${name}`),
    size,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: blob(`${service} ${index} configuration`, 2_000, "application/vnd.oci.image.config.v1+json"),
    layers: [
      blob(`base of ${Math.floor(index / 3)}`, 30_000_000),
      blob(`${service} packages ${Math.floor(index / 5)}`, 12_000_000),
      blob(`${service} ${index} content`, 400_000),
    ],
  });
}
