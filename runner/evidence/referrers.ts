import { z } from "zod";
import type { Clients } from "../aws/clients.ts";
import type { Subject } from "../registry/artifact.ts";
import { blobOf, getBlob } from "../registry/blob.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { getManifest } from "../registry/lookup.ts";
import { attachArtifact, listReferrers, type Referrer } from "../registry/referrers.ts";
import { bundleType } from "./bundle.ts";

/** A repository with all that reading and attaching evidence takes. */
export interface EvidenceStore {
  readonly clients: Clients;
  readonly registry: RegistryConnection;
  readonly repository: string;
}

/** Bytes of the largest statement that is read: a bill of materials of a large image has some ten megabytes. */
const mostBytes = 64 * 1024 * 1024;

/** Annotations by which Cosign 3 finds a bundle without reading it. */
export const predicateAnnotation = "dev.sigstore.bundle.predicateType";
const contentAnnotation = "dev.sigstore.bundle.content";

const contentSchema = z.object({
  layers: z.tuple([z.object({ digest: z.string(), size: z.int(), data: z.base64().optional() })]),
});

/** Everything that refers to a manifest. */
export async function referrersOf(
  { clients, registry, repository }: EvidenceStore,
  digest: string,
): Promise<readonly Referrer[]> {
  const { referrers } = await listReferrers(clients, repository, digest, undefined, registry.signal);
  return referrers;
}

/** Whether a referrer may be a bundle with a claim of a type: some registries tell no annotations. */
export function mayClaim({ artifactType, annotations }: Referrer, predicateType?: string): boolean {
  const told = annotations[predicateAnnotation];
  // Some registries tell the type of the configuration instead.
  const isBundle =
    artifactType === bundleType || told !== undefined || artifactType?.endsWith(".empty.v1+json");
  return isBundle === true && (predicateType === undefined || told === undefined || told === predicateType);
}

/** The content of an artifact, from its manifest or its blob; undefined when there is none. */
export async function readContent(store: EvidenceStore, referrer: Referrer): Promise<string | undefined> {
  const { clients, registry, repository } = store;
  const id = { imageDigest: referrer.digest };
  const stored = await getManifest(clients, repository, id, registry.signal);
  const parsed = stored && contentSchema.safeParse(JSON.parse(stored.text)).data;
  if (parsed === undefined) return undefined;
  const [layer] = parsed.layers;
  if (layer.data !== undefined) return Buffer.from(layer.data, "base64").toString("utf8");
  const bytes = await getBlob(registry, repository, layer, mostBytes);
  return bytes && Buffer.from(bytes).toString("utf8");
}

/** Attaches a bundle to a manifest, where Cosign looks for it. */
export async function attachBundle(
  { clients, registry, repository }: EvidenceStore,
  subject: Subject,
  bundle: string,
  predicateType: string,
): Promise<string> {
  const { digest } = await attachArtifact(clients, registry, repository, {
    artifactType: bundleType,
    content: blobOf(bundleType, bundle),
    annotations: { [contentAnnotation]: "dsse-envelope", [predicateAnnotation]: predicateType },
    subject,
    isForeign: true,
  });
  return digest;
}

/** Attaches a document under a media type of its own, as tools that know no bundles look for it. */
export async function attachDocument(
  { clients, registry, repository }: EvidenceStore,
  subject: Subject,
  document: string,
  mediaType: string,
): Promise<string> {
  const { digest } = await attachArtifact(clients, registry, repository, {
    artifactType: mediaType,
    content: blobOf(mediaType, document),
    annotations: {},
    subject,
    isForeign: true,
  });
  return digest;
}
