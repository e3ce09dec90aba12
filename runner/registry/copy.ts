import pMap from "p-map";
import pRetry from "p-retry";
import { z } from "zod";
import { UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import { hasBlob, refusedRead } from "./blob.ts";
import type { RegistryConnection } from "./connection.ts";
import { getManifest, type StoredManifest } from "./lookup.ts";
import { putManifest, refused, uploadUrl } from "./push.ts";
import { attachManifest, listReferrers, type Referrer } from "./referrers.ts";

/** A repository with the clients to read and write it. */
export interface RepositoryEnd {
  readonly clients: Clients;
  readonly registry: RegistryConnection;
  readonly repository: string;
}

/** The counts of a copy. */
export interface Copied {
  manifests: number;
  /** Referrers of the image or one of its platforms that were not there: signatures, SBOMs. */
  referrers: number;
  /** Blobs that the registry mounted from the other repository, without a transfer. */
  mounted: number;
  /** Blobs that this machine transferred. */
  uploaded: number;
  uploadedBytes: number;
}

/** Bytes of one piece of an upload: in memory at a time, for each blob that is copied. */
const pieceBytes = 10 * 1024 * 1024;
const blobTimeoutSeconds = 900;

const manifestSchema = z.object({
  manifests: z.array(z.object({ digest: z.string() })).default([]),
  config: z.object({ digest: z.string(), size: z.int() }).optional(),
  layers: z
    .array(z.object({ digest: z.string(), size: z.int(), urls: z.array(z.string()).optional() }))
    .default([]),
});

/**
 * Copies an image to another repository, digest for digest: the index with all its manifests, and what
 * refers to any of them. Blobs first, then manifests, the index last: at no time does a manifest point
 * to what is not there. What is already there is not transferred again.
 *
 * @param keeps whether a referrer is copied as well
 * @throws UserError `image-gone`, `pull-refused`, `push-refused`
 */
export async function copyImage(
  from: RepositoryEnd,
  to: RepositoryEnd,
  digest: string,
  keeps: (referrer: Referrer) => boolean,
): Promise<Copied> {
  const copied: Copied = { manifests: 0, referrers: 0, mounted: 0, uploaded: 0, uploadedBytes: 0 };
  await copyTree({ from, to, keeps, copied, blobs: new Map() }, digest);
  return copied;
}

interface Copying {
  readonly from: RepositoryEnd;
  readonly to: RepositoryEnd;
  readonly keeps: (referrer: Referrer) => boolean;
  readonly copied: Copied;
  /** Digest → its copying: platforms share layers, and are copied at the same time. */
  readonly blobs: Map<string, Promise<void>>;
}

async function copyTree(copying: Copying, digest: string): Promise<void> {
  const { from, to, keeps, copied } = copying;
  const stored = await manifestOf(from, digest);
  const content = manifestSchema.parse(JSON.parse(stored.text));
  await pMap(content.manifests, (child) => copyTree(copying, child.digest), {
    concurrency: 4,
  });
  await copyManifest(copying, stored);
  const { signal } = from.registry;
  const { referrers } = await listReferrers(from.clients, from.repository, digest, undefined, signal);
  const wanted = referrers.filter(keeps);
  if (wanted.length === 0) return;
  // Of an image that was copied before, only what was attached since.
  const there = await listReferrers(to.clients, to.repository, digest, undefined, signal);
  const known = new Set(there.referrers.map((one) => one.digest));
  // One after the other: where a tag lists them, each is added to the same index.
  for (const referrer of wanted) {
    if (known.has(referrer.digest)) continue;
    const artifact = await manifestOf(from, referrer.digest);
    await copyManifest(copying, artifact);
    await attachManifest(to.clients, to.registry, to.repository, digest, referrer, artifact.text);
    copied.referrers++;
  }
}

async function manifestOf({ clients, repository, registry }: RepositoryEnd, digest: string) {
  const stored = await getManifest(clients, repository, { imageDigest: digest }, registry.signal);
  if (stored !== undefined) return stored;
  throw new UserError(
    {
      code: "image-gone",
      where: `${repository}@${digest}`,
      message: "a part of the image is no longer in the registry",
      fix: "promote another release, or deploy from the source",
    },
    { exitCode: 1 },
  );
}

async function copyManifest(copying: Copying, stored: StoredManifest): Promise<void> {
  const { to, copied, blobs: begun } = copying;
  const { config, layers } = manifestSchema.parse(JSON.parse(stored.text));
  // Layers with addresses of their own (Windows base layers) are nobody's to push.
  const own = layers.filter(({ urls }) => urls === undefined || urls.length === 0);
  const blobs = [...(config === undefined ? [] : [config]), ...own];
  await pMap(
    blobs,
    (blob) => {
      const copy = begun.get(blob.digest) ?? copyBlob(copying, blob);
      begun.set(blob.digest, copy);
      return copy;
    },
    { concurrency: 4 },
  );
  const there = await getManifest(
    to.clients,
    to.repository,
    { imageDigest: stored.digest },
    to.registry.signal,
  );
  if (there !== undefined) return;
  await putManifest(to.registry, to.repository, stored.digest, {
    mediaType: stored.mediaType ?? "application/vnd.oci.image.manifest.v1+json",
    text: stored.text,
  });
  copied.manifests++;
}

async function copyBlob(
  { from, to, copied }: Copying,
  blob: { readonly digest: string; readonly size: number },
): Promise<void> {
  const { registry, repository } = to;
  if (await hasBlob(registry, repository, blob.digest)) return;
  if (from.registry.host === registry.host && (await mountBlob(from, to, blob.digest))) {
    copied.mounted++;
    return;
  }
  await pRetry(() => transferBlob(from, to, blob.digest), {
    retries: 2,
    minTimeout: 500,
    signal: registry.signal,
    shouldRetry: ({ error }) => !(error instanceof UserError),
  });
  copied.uploaded++;
  copied.uploadedBytes += blob.size;
}

/** Asks the registry to mount a blob from another repository; false if it does not. */
async function mountBlob(from: RepositoryEnd, { registry, repository }: RepositoryEnd, digest: string) {
  const query = new URLSearchParams({ mount: digest, from: from.repository });
  const answer = await registry.request(`/v2/${repository}/blobs/uploads/?${query}`, {
    method: "POST",
    headers: { "content-length": "0" },
  });
  // 202 begins an upload instead; it is left to lapse, and any refusal comes back when uploading.
  return answer.status === 201;
}

/** Copies a blob in pieces. The registry checks the digest at the end. */
async function transferBlob(from: RepositoryEnd, { registry, repository }: RepositoryEnd, digest: string) {
  const source = await from.registry.request(`/v2/${from.repository}/blobs/${digest}`, {
    timeoutSeconds: blobTimeoutSeconds,
  });
  if (!source.ok || source.body === null) {
    throw await refusedRead(from.registry, from.repository, digest, source);
  }
  const where = `${repository}@${digest}`;
  const begun = await registry.request(`/v2/${repository}/blobs/uploads/`, {
    method: "POST",
    headers: { "content-length": "0" },
  });
  if (begun.status !== 202) throw await refused(registry, where, "beginning an upload", begun);
  let location = begun.headers.get("location");
  let offset = 0;
  for await (const piece of piecesOf(source.body as AsyncIterable<Uint8Array>, pieceBytes)) {
    if (location === null) throw new Error(`${registry.host} started an upload without a Location header`);
    const sent = await registry.request(location, {
      method: "PATCH",
      headers: {
        "content-type": "application/octet-stream",
        "content-range": `${offset}-${offset + piece.length - 1}`,
      },
      body: piece,
      timeoutSeconds: blobTimeoutSeconds,
    });
    if (sent.status !== 202) throw await refused(registry, where, "a piece of a blob", sent);
    location = sent.headers.get("location") ?? location;
    offset += piece.length;
  }
  const ended = await registry.request(uploadUrl(registry, location, digest), {
    method: "PUT",
    headers: { "content-length": "0" },
  });
  if (!ended.ok) throw await refused(registry, where, "ending an upload", ended);
}

/** A stream in pieces of one size, the last one shorter. */
export async function* piecesOf(stream: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    for (let rest = chunk; rest.length > 0; ) {
      const taken = rest.subarray(0, size - length);
      kept.push(taken);
      length += taken.length;
      rest = rest.subarray(taken.length);
      if (length < size) continue;
      yield Buffer.concat(kept);
      kept = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(kept);
}
