import { releaseTag } from "../../config/names.ts";
import type { Clients } from "../aws/clients.ts";
import { artifactManifest, readArtifact } from "../registry/artifact.ts";
import { blobOf } from "../registry/blob.ts";
import type { RegistryConnection } from "../registry/connection.ts";
import { getManifest, type StoredManifest } from "../registry/lookup.ts";
import { putManifest } from "../registry/push.ts";
import { attachArtifact, type ReferrersKeeper, subjectOf } from "../registry/referrers.ts";
import { type ReleaseRecord, releaseRecordSchema, releaseType, type StoredRelease } from "./record.ts";

/** Annotation of a head: digest of the record's own manifest. */
const recordAnnotation = "slipway.release.record";

/**
 * The newest release of a stack in a repository, with one call. Undefined if there is none, or if this
 * version of Slipway can't read it.
 */
export async function readNewestRecord(
  clients: Clients,
  repository: string,
  stack: string,
  signal: AbortSignal,
): Promise<StoredRelease | undefined> {
  return newestRecordOf(await getManifest(clients, repository, { imageTag: releaseTag(stack) }, signal));
}

/** The newest release out of the manifest that has the stack's release tag. */
export function newestRecordOf(stored: StoredManifest | undefined): StoredRelease | undefined {
  if (stored === undefined) return undefined;
  const read = readRelease(stored.text);
  return read && { record: read.record, digest: read.annotations[recordAnnotation] };
}

/** A release's record by its digest; undefined if the registry no longer has it. */
export async function readRecord(
  clients: Clients,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<StoredRelease | undefined> {
  const stored = await getManifest(clients, repository, { imageDigest: digest }, signal);
  const read = stored && readRelease(stored.text);
  return read && { record: read.record, digest };
}

function readRelease(text: string) {
  const artifact = readArtifact(text);
  if (artifact?.artifactType !== releaseType) return undefined;
  const parsed = releaseRecordSchema.safeParse(JSON.parse(artifact.content));
  return parsed.success ? { record: parsed.data, annotations: artifact.annotations } : undefined;
}

/**
 * Writes a record twice: as a referrer of its image, where other tools find it, and as the stack's
 * head. The head has no subject: ECR deletes an image's referrers with the image, and the history has
 * to outlive it.
 *
 * @returns digest of the referrer, and who keeps the list of referrers
 */
export async function writeRelease(
  clients: Clients,
  registry: RegistryConnection,
  record: ReleaseRecord,
): Promise<{ readonly digest: string; readonly keeper: ReferrersKeeper }> {
  const { repository, digest: imageDigest } = record.image;
  const content = blobOf(releaseType, JSON.stringify(record));
  const annotations = annotationsOf(record);
  const subject = await subjectOf(clients, repository, imageDigest, registry.signal);
  const attached = await attachArtifact(clients, registry, repository, {
    artifactType: releaseType,
    content,
    annotations,
    subject,
  });
  const head = artifactManifest({
    artifactType: releaseType,
    content,
    annotations: { ...annotations, [recordAnnotation]: attached.digest },
  });
  await putManifest(registry, repository, releaseTag(record.stack), head);
  return attached;
}

/** Annotations of a record, which `oras discover` shows. */
function annotationsOf({ id, stack, outcome, finishedAt, image, source }: ReleaseRecord) {
  return {
    "org.opencontainers.image.created": finishedAt,
    "slipway.release.id": id,
    "slipway.release.stack": stack,
    "slipway.release.outcome": outcome,
    "slipway.release.image": image.digest,
    ...(source.commit === undefined ? {} : { "slipway.release.commit": source.commit }),
    ...(source.committedAt === undefined ? {} : { "slipway.release.committed-at": source.committedAt }),
  };
}
