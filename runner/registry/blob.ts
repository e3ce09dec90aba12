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

/** Whether a repository has a blob. @throws UserError `pull-refused` */
export async function hasBlob(
  registry: RegistryConnection,
  repository: string,
  digest: string,
): Promise<boolean> {
  const answer = await registry.request(`/v2/${repository}/blobs/${digest}`, { method: "HEAD" });
  if (answer.status === 404) return false;
  if (answer.ok) return true;
  throw await refusedRead(registry, repository, digest, answer);
}

/**
 * Reads a small blob: a configuration, a bundle, a bill of materials. The registry itself serves it or redirects to
 * what does. Undefined when the repository lacks it.
 *
 * @param most bytes that are read
 * @throws UserError `pull-refused` when the registry refuses it; Error when it is not what its digest says
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
  if (!answer.ok) throw await refusedRead(registry, repository, digest, answer);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (digestOf(bytes) !== digest) throw new Error(`${repository}@${digest} is not what its digest says`);
  return bytes;
}

/** Why a registry does not serve a blob. */
export async function refusedRead(
  registry: RegistryConnection,
  repository: string,
  digest: string,
  answer: Response,
): Promise<UserError> {
  const denied = answer.status === 401 || answer.status === 403;
  return new UserError(
    {
      code: "pull-refused",
      where: `${registry.host}/${repository}@${digest}`,
      message: `the registry refused reading a blob: ${await refusalOf(answer)}`,
      ...(denied && {
        fix: "allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository in the role's policy",
      }),
    },
    { exitCode: 1 },
  );
}
