import { ListImageReferrersCommand } from "@aws-sdk/client-ecr";
import pRetry from "p-retry";
import { z } from "zod";
import { UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import {
  type Artifact,
  artifactManifest,
  artifactManifestType,
  emptyBlob,
  type Subject,
} from "./artifact.ts";
import type { RegistryConnection } from "./connection.ts";
import { getManifest } from "./lookup.ts";
import { putBlob, putManifest } from "./push.ts";

const indexType = "application/vnd.oci.image.index.v1+json";

/** An artifact whose subject is an image. */
export interface Referrer {
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  /** Bytes of its manifest. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Who keeps the list of an image's referrers: the registry, or, where it can't, an index under a tag.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export type ReferrersKeeper = "registry" | "tag";

/** The tag that lists an image's referrers in a registry without the referrers API. */
export function referrersTag(subject: string): string {
  return subject.replace(":", "-");
}

/** The descriptor of a manifest that is in a repository, for what refers to it. */
export async function subjectOf(
  clients: Clients,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<Subject> {
  const stored = await getManifest(clients, repository, { imageDigest: digest }, signal);
  if (stored === undefined) throw new Error(`${repository}@${digest} is no longer in the registry`);
  return {
    mediaType: stored.mediaType ?? artifactManifestType,
    digest,
    size: Buffer.byteLength(stored.text),
  };
}

/**
 * Puts an artifact into a repository, as a referrer of its subject.
 *
 * A registry says that it took the subject by `OCI-Subject` in its answer; when it does not, and its
 * API does not list the artifact either, the specification's tag is kept up to date instead.
 */
export async function attachArtifact(
  clients: Clients,
  registry: RegistryConnection,
  repository: string,
  artifact: Artifact & { readonly subject: Subject },
): Promise<{ readonly digest: string; readonly keeper: ReferrersKeeper }> {
  const manifest = artifactManifest(artifact);
  await Promise.all([
    putBlob(registry, repository, emptyBlob),
    putBlob(registry, repository, artifact.content),
  ]);
  const { digest, size } = manifest;
  const { artifactType, annotations } = artifact;
  const referrer = { digest, mediaType: manifest.mediaType, artifactType, size, annotations };
  const subject = artifact.subject.digest;
  const keeper = await attachManifest(clients, registry, repository, subject, referrer, manifest.text);
  return { digest, keeper };
}

/** `attachArtifact` for a manifest whose blobs are there. */
export async function attachManifest(
  clients: Clients,
  registry: RegistryConnection,
  repository: string,
  subject: string,
  referrer: Referrer,
  text: string,
): Promise<ReferrersKeeper> {
  const { digest, mediaType } = referrer;
  const { subjectTaken } = await putManifest(registry, repository, digest, { mediaType, text });
  if (subjectTaken || (await askRegistry(clients, repository, subject, registry.signal))) return "registry";
  await listUnderTag(clients, registry, repository, subject, referrer);
  return "tag";
}

/** The referrers of an image with an artifact type, and who keeps their list. */
export async function listReferrers(
  clients: Clients,
  repository: string,
  subject: string,
  artifactType: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly referrers: readonly Referrer[]; readonly keeper: ReferrersKeeper }> {
  const listed = await askRegistry(clients, repository, subject, signal);
  const referrers = listed ?? (await readTag(clients, repository, subject, signal));
  return {
    keeper: listed === undefined ? "tag" : "registry",
    referrers: referrers.filter((one) => artifactType === undefined || one.artifactType === artifactType),
  };
}

/** All referrers by ECR's API; undefined when this registry has no such operation. */
async function askRegistry(
  clients: Clients,
  repository: string,
  subject: string,
  signal: AbortSignal,
): Promise<Referrer[] | undefined> {
  const found: Referrer[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await clients.ecr
      .send(
        new ListImageReferrersCommand({
          repositoryName: repository,
          subjectId: { imageDigest: subject },
          filter: { artifactStatus: "ANY" },
          maxResults: 50,
          nextToken,
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        if (isUnknownOperation(error)) return undefined;
        throw error;
      });
    if (answer === undefined) return undefined;
    for (const { digest, mediaType, artifactType, size, annotations } of answer.referrers ?? []) {
      if (digest === undefined) continue;
      found.push({
        digest,
        mediaType: mediaType ?? "",
        artifactType,
        size: size ?? 0,
        annotations: annotations ?? {},
      });
    }
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return found;
}

/** Errors of an ECR without this operation: an emulator, or one of AWS's older partitions. */
function isUnknownOperation(error: unknown): boolean {
  return (
    error instanceof Error &&
    ["InvalidAction", "UnknownOperationException", "UnsupportedOperationException"].includes(error.name)
  );
}

const referrersIndexSchema = z.object({
  manifests: z.array(
    z.looseObject({
      mediaType: z.string(),
      digest: z.string(),
      size: z.int(),
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

async function readTag(
  clients: Clients,
  repository: string,
  subject: string,
  signal: AbortSignal,
): Promise<Referrer[]> {
  const stored = await getManifest(clients, repository, { imageTag: referrersTag(subject) }, signal);
  if (stored === undefined) return [];
  const parsed = referrersIndexSchema.safeParse(JSON.parse(stored.text));
  return (parsed.data?.manifests ?? []).map(
    ({ digest, mediaType, artifactType, size, annotations = {} }) => ({
      digest,
      mediaType,
      artifactType,
      size,
      annotations,
    }),
  );
}

/**
 * Adds a referrer to the index under the subject's tag. Two that do so at once may lose one of the two:
 * so it is read again afterwards, and added again until it is there.
 */
async function listUnderTag(
  clients: Clients,
  registry: RegistryConnection,
  repository: string,
  subject: string,
  referrer: Referrer,
): Promise<void> {
  const { signal } = registry;
  const isListed = (all: readonly Referrer[]) => all.some(({ digest }) => digest === referrer.digest);
  await pRetry(
    async () => {
      const before = await readTag(clients, repository, subject, signal);
      if (!isListed(before)) {
        const text = referrersIndex([...before, referrer]);
        await putManifest(registry, repository, referrersTag(subject), { mediaType: indexType, text });
      }
      if (!isListed(await readTag(clients, repository, subject, signal))) {
        throw new Error(`another client wrote ${repository}:${referrersTag(subject)} at the same time`);
      }
    },
    {
      retries: 6,
      minTimeout: 100,
      maxTimeout: 2000,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => !(error instanceof UserError),
    },
  );
}

/** The index that lists referrers, as the specification has it. */
export function referrersIndex(referrers: readonly Referrer[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: referrers.map(({ mediaType, digest, size, artifactType, annotations }) => ({
      mediaType,
      digest,
      size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    })),
  });
}
