import { createHash } from "node:crypto";
import type { Response } from "undici";
import { UserError } from "../../config/problems/errors.ts";
import { type RegistryConnection, refusalOf } from "./connection.ts";

/** The descriptor of a blob. */
export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Makes a blob of a text, with its digest. */
export function blobOf(mediaType: string, text: string): Blob {
  const bytes = new TextEncoder().encode(text);
  return { mediaType, digest: digestOf(bytes), bytes };
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether a repository has a blob. */
export async function hasBlob(
  registry: RegistryConnection,
  repository: string,
  digest: string,
): Promise<boolean> {
  const answer = await registry.request(`/v2/${repository}/blobs/${digest}`, { method: "HEAD" });
  if (answer.status === 404) return false;
  if (answer.ok) return true;
  throw await refused(registry, `${repository}@${digest}`, "reading a blob", answer);
}

/**
 * Reads a small blob; undefined when the repository lacks it.
 *
 * @param most bytes that are read
 * @throws UserError `push-refused` when the registry refuses it; Error when it is not what its digest says
 */
export async function getBlob(
  registry: RegistryConnection,
  repository: string,
  { digest, size }: { readonly digest: string; readonly size: number },
  most: number,
): Promise<Uint8Array | undefined> {
  if (size > most) throw new Error(`${repository}@${digest} has ${size} bytes, more than ${most}`);
  const answer = await registry.request(`/v2/${repository}/blobs/${digest}`);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw await refused(registry, `${repository}@${digest}`, "reading a blob", answer);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (digestOf(bytes) !== digest) throw new Error(`${repository}@${digest} is not what its digest says`);
  return bytes;
}

/**
 * Puts a small blob into a repository in one piece, unless it is there.
 *
 * @throws UserError `push-refused`
 */
export async function putBlob(registry: RegistryConnection, repository: string, blob: Blob): Promise<void> {
  if (await hasBlob(registry, repository, blob.digest)) return;
  const started = await registry.request(`/v2/${repository}/blobs/uploads/`, {
    method: "POST",
    headers: { "content-length": "0" },
  });
  if (started.status !== 202) {
    throw await refused(registry, `${repository}@${blob.digest}`, "beginning an upload", started);
  }
  const put = await registry.request(uploadUrl(registry, started.headers.get("location"), blob.digest), {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: blob.bytes,
  });
  if (!put.ok) throw await refused(registry, `${repository}@${blob.digest}`, "uploading a blob", put);
}

/** The URL that completes an upload: the registry's location with the digest. */
export function uploadUrl(
  registry: Pick<RegistryConnection, "host">,
  location: string | null,
  digest: string,
) {
  if (location === null) throw new Error(`${registry.host} started an upload without a Location header`);
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

/**
 * Puts a manifest under a tag or its digest.
 *
 * @returns whether the registry keeps it as a referrer of its subject, as it says with `OCI-Subject`
 * @throws UserError `push-refused`
 */
export async function putManifest(
  registry: RegistryConnection,
  repository: string,
  reference: string,
  manifest: { readonly mediaType: string; readonly text: string },
): Promise<{ readonly subjectTaken: boolean }> {
  const answer = await registry.request(`/v2/${repository}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": manifest.mediaType },
    body: manifest.text,
  });
  if (!answer.ok) throw await refused(registry, `${repository}:${reference}`, "pushing a manifest", answer);
  return { subjectTaken: answer.headers.has("oci-subject") };
}

export async function refused(
  registry: RegistryConnection,
  where: string,
  doing: string,
  answer: Response,
): Promise<UserError> {
  const denied = answer.status === 401 || answer.status === 403;
  return new UserError(
    {
      code: "push-refused",
      where: `${registry.host}/${where}`,
      message: `the registry refused ${doing}: ${await refusalOf(answer)}`,
      ...(denied && {
        fix: "allow ecr:GetAuthorizationToken and the repository's push actions in the role's policy",
      }),
    },
    { exitCode: 1 },
  );
}
