import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { kept } from "../../source/compare.ts";
import { parseDescription, type SourceDescription } from "../../source/describe.ts";
import type { Clients } from "../aws/clients.ts";
import { readArtifact } from "../registry/artifact.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { getManifest } from "../registry/lookup.ts";
import { blobOf } from "../registry/push.ts";
import { attachArtifact, listReferrers } from "../registry/referrers.ts";

/** Type of the artifact that says what an image was built from, file by file. */
export const sourceType = "application/vnd.slipway.source.v1+json";

/** What it holds: JSON, compressed, as base64. */
const contentType = "application/vnd.slipway.source.v1+json+gzip+base64";

/** Beside the description, since a base image that moves is no change of the source. */
const basesAnnotation = "slipway.source.bases";

/** What is stored with an image. */
export interface KeptSource {
  readonly description: SourceDescription;
  /** Base image → digest that its name stood for when the image was built, as far as it is known. */
  readonly bases: Readonly<Record<string, string>>;
}

/**
 * Keeps with an image what it was built from, as a referrer: for `slipway why`, on any machine. Holds
 * paths and hashes, no content and no argument's value.
 */
export async function writeSource(
  clients: Clients,
  registry: RegistryConnection,
  image: { readonly repository: string; readonly digest: string },
  source: {
    readonly hash: string;
    readonly description: SourceDescription;
    /** Base image → digest that its name stood for, as far as it is known. */
    readonly bases: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { repository, digest } = image;
  const stored = await getManifest(clients, repository, { imageDigest: digest }, registry.signal);
  if (stored === undefined) throw new Error(`${repository}@${digest} is no longer in the registry`);
  await attachArtifact(clients, registry, repository, {
    artifactType: sourceType,
    content: blobOf(contentType, packDescription(source.description)),
    annotations: { "slipway.source.hash": source.hash, [basesAnnotation]: JSON.stringify(source.bases) },
    subject: {
      mediaType: stored.mediaType ?? "application/vnd.oci.image.manifest.v1+json",
      digest,
      size: Buffer.byteLength(stored.text),
    },
  });
}

/** What an image was built from; undefined when that was not kept, or by another Slipway. */
export async function readSource(
  clients: Clients,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<KeptSource | undefined> {
  const { referrers } = await listReferrers(clients, repository, digest, sourceType, signal);
  for (const referrer of referrers) {
    const stored = await getManifest(clients, repository, { imageDigest: referrer.digest }, signal);
    const artifact = stored && readArtifact(stored.text);
    if (artifact?.artifactType !== sourceType) continue;
    const description = unpackDescription(artifact.content);
    const bases = parseBases(artifact.annotations[basesAnnotation] ?? "{}");
    return description === undefined ? undefined : { description, bases };
  }
  return undefined;
}

function parseBases(text: string): Readonly<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

/** Small enough for a manifest, which ECR takes up to four megabytes of. */
export function packDescription(description: SourceDescription): string {
  return gzipSync(JSON.stringify(kept(description))).toString("base64");
}

/** Undefined for anything else than `packDescription` makes. */
export function unpackDescription(text: string): SourceDescription | undefined {
  try {
    return parseDescription(JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString("utf8")));
  } catch {
    return undefined;
  }
}
