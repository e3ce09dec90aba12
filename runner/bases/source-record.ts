import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { kept } from "../../source/compare.ts";
import { parseDescription, type SourceDescription } from "../../source/describe.ts";
import type { Clients } from "../aws/clients.ts";
import { readArtifact } from "../registry/artifact.ts";
import { blobOf } from "../registry/blob.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { getManifest } from "../registry/lookup.ts";
import { attachArtifact, listReferrers, type Referrer, subjectOf } from "../registry/referrers.ts";

/** Artifact type of an image's source description. */
export const sourceType = "application/vnd.slipway.source.v1+json";

/** Media type of its content: compressed JSON in base64. */
const contentType = "application/vnd.slipway.source.v1+json+gzip+base64";

const hashAnnotation = "slipway.source.hash";

/** Separate from the description, because a base image that moves does not change the source. */
const basesAnnotation = "slipway.source.bases";

/**
 * When a description was stored: several of one image have no other order, and no other time in a copy.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys
 */
const createdAnnotation = "org.opencontainers.image.created";

/** The content that is stored with an image. */
export interface KeptSource {
  readonly description: SourceDescription;
  /** Base image → its digest at the time of the build, if known. */
  readonly bases: Readonly<Record<string, string>>;
}

/**
 * Stores an image's source description as a referrer, for `slipway why` on any machine. It has paths and
 * hashes, but no content and no argument values.
 */
export async function writeSource(
  clients: Clients,
  registry: RegistryConnection,
  image: { readonly repository: string; readonly digest: string },
  source: {
    readonly hash: string;
    readonly description: SourceDescription;
    /** Base image → its digest, if known. */
    readonly bases: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { repository, digest } = image;
  const subject = await subjectOf(clients, repository, digest, registry.signal);
  await attachArtifact(clients, registry, repository, {
    artifactType: sourceType,
    content: blobOf(contentType, packDescription(source.description)),
    annotations: {
      [hashAnnotation]: source.hash,
      [basesAnnotation]: JSON.stringify(source.bases),
      [createdAnnotation]: new Date().toISOString(),
    },
    subject,
  });
}

/**
 * The source description that was stored last with an image; undefined if there is none that this version can read.
 * A build on newer base images may give the same image again, and stores the digests that it took.
 */
export async function readSource(
  clients: Clients,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<KeptSource | undefined> {
  const { referrers } = await listReferrers(clients, repository, digest, sourceType, signal);
  for (const referrer of newestFirst(referrers)) {
    const stored = await getManifest(clients, repository, { imageDigest: referrer.digest }, signal);
    const artifact = stored && readArtifact(stored.text);
    if (artifact?.artifactType !== sourceType) continue;
    const description = unpackDescription(artifact.content);
    const bases = parseBases(artifact.annotations[basesAnnotation] ?? "{}");
    return description === undefined ? undefined : { description, bases };
  }
  return undefined;
}

/** Whether an image was built from the source of a hash, by what is stored with it. */
export async function wasBuiltFrom(
  clients: Clients,
  repository: string,
  digest: string,
  hash: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { referrers } = await listReferrers(clients, repository, digest, sourceType, signal);
  return referrers.some(({ annotations }) => annotations[hashAnnotation] === hash);
}

/** Those of earlier versions have no time, and are the oldest. */
function newestFirst(referrers: readonly Referrer[]): readonly Referrer[] {
  const storedAt = ({ annotations }: Referrer) => Date.parse(annotations[createdAnnotation] ?? "") || 0;
  return referrers.toSorted((one, other) => storedAt(other) - storedAt(one));
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

/** Undefined for anything that `packDescription` did not make. */
export function unpackDescription(text: string): SourceDescription | undefined {
  try {
    return parseDescription(JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString("utf8")));
  } catch {
    return undefined;
  }
}
