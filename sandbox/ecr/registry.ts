import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type Backend, Refused } from "./backend.ts";
import { listReferrers, readReferrer } from "./referrers.ts";

const indexType = "application/vnd.oci.image.index.v1+json";

/** Asks for the referrers of a manifest. */
export interface ReferrersQuery {
  readonly repository: string;
  readonly subject: string;
  readonly artifactType: string | undefined;
}

/** Reads `/v2/<name>/referrers/<digest>`; undefined for any other path. */
export function referrersPath(url: string): ReferrersQuery | undefined {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const [, repository, subject] = /^\/v2\/(.+)\/referrers\/(sha256:[0-9a-f]{64})$/.exec(pathname) ?? [];
  if (repository === undefined || subject === undefined) return undefined;
  return { repository, subject, artifactType: searchParams.get("artifactType") ?? undefined };
}

/** Whoever speaks to the registry has no signature of AWS: the emulator finds the repository's own region. */
const unsigned = "";

/**
 * Answers with an index of the manifests whose subject this is; one that nothing refers to has an empty index.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export async function sayReferrers(
  { repository, subject, artifactType }: ReferrersQuery,
  outgoing: ServerResponse,
  backend: Backend,
): Promise<void> {
  const all = await listReferrers(backend, repository, subject, unsigned).catch((error: unknown) => {
    if (error instanceof Refused) return undefined;
    throw error;
  });
  if (all === undefined) {
    const message = "repository name not known to registry";
    const text = JSON.stringify({
      errors: [{ code: "NAME_UNKNOWN", message, detail: { name: repository } }],
    });
    outgoing.writeHead(404, { "content-type": "application/json" }).end(text);
    return;
  }
  const manifests = all.filter((one) => artifactType === undefined || one.artifactType === artifactType);
  outgoing.writeHead(200, {
    "content-type": indexType,
    "docker-distribution-api-version": "registry/2.0",
    ...(artifactType === undefined ? {} : { "oci-filters-applied": "artifactType" }),
  });
  outgoing.end(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
}

/**
 * Passes a manifest on, and says of one with a subject that the registry lists it: then nobody keeps the list under
 * a tag, which an immutable repository would take only once.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
 */
export async function putManifest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  backend: Backend,
): Promise<void> {
  const body = await buffer(incoming);
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const subject = readReferrer(digest, { mediaType: "", text: body.toString("utf8") })?.subject;
  await backend.pass(incoming, outgoing, {
    body,
    headers: (status) => (status === 201 && subject !== undefined ? { "oci-subject": subject } : {}),
  });
}
