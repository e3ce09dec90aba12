import type { Response } from "undici";
import { UserError } from "../../config/problems/errors.ts";
import { type Blob, hasBlob } from "./blob.ts";
import { type RegistryConnection, refusalOf } from "./connection.ts";

// What is pushed is made of these.

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
