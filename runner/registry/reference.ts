import { z } from "zod";
import { acceptedMediaTypes } from "../../builder/manifest.ts";
import { registryUrl } from "../../config/names.ts";
import type { RegistryRequest } from "./connection.ts";

/** The parts of an image reference. */
export interface Reference {
  /** Host and port; `docker.io` when the reference names none. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/**
 * Parses a reference as Docker does: `node:24` is `docker.io/library/node:24`. Undefined for anything that
 * is not a reference, such as a build argument or a URL.
 * https://github.com/distribution/reference/blob/v0.6.0/normalize.go
 */
export function parseReference(text: string): Reference | undefined {
  const [, name = "", tag, digest] =
    /^((?:[\w.-]+(?::\d+)?\/)?[a-z0-9._/-]+)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-fA-F]{32,}))?$/.exec(
      text,
    ) ?? [];
  if (name === "") return undefined;
  const [first = "", ...rest] = name.split("/");
  // A first part is a host when it could not be part of a repository's name.
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const registry = hasHost ? first : "docker.io";
  const path = hasHost ? rest : [first, ...rest];
  const repository = registry === "docker.io" && path.length === 1 ? `library/${path[0]}` : path.join("/");
  return { registry, repository, tag, digest };
}

/** ECR's image id for a reference: its digest, or else its tag. */
export function imageIdOf({
  tag = "latest",
  digest,
}: Reference): { readonly imageDigest: string } | { readonly imageTag: string } {
  return digest === undefined ? { imageTag: tag } : { imageDigest: digest };
}

/** The request that asks for the digest that a tag stands for, and for nothing more. */
export function manifestAt({ repository, tag = "latest" }: Reference): [path: string, init: RegistryRequest] {
  const headers = { accept: acceptedMediaTypes.join(", ") };
  return [`/v2/${repository}/manifests/${tag}`, { method: "HEAD", headers }];
}

/** The host that serves docker.io. */
const dockerHub = "registry-1.docker.io";

const tokenSchema = z.union([
  z.object({ token: z.string() }).transform(({ token }) => token),
  z.object({ access_token: z.string() }).transform(({ access_token: token }) => token),
]);

/**
 * The digest that a public registry has for a reference, without credentials. A HEAD request does not
 * count as a pull. Undefined if the registry returns no digest.
 *
 * @throws if the registry is unreachable
 */
export async function anonymousDigest(
  reference: Reference,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await askAnonymously(reference, manifestAt(reference), signal);
  return answer?.ok === true ? (answer.headers.get("docker-content-digest") ?? undefined) : undefined;
}

/**
 * A manifest of a public registry by its digest, without credentials. Docker Hub counts it as a pull. Undefined if
 * the registry does not have it, or does not give it to everybody.
 *
 * @throws if the registry is unreachable
 */
export async function anonymousManifest(
  reference: Reference,
  digest: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await askAnonymously(reference, manifestBy(reference, digest), signal);
  return answer?.ok === true ? answer.text() : undefined;
}

/** The request for the manifest of a digest in a reference's repository. */
export function manifestBy({ repository }: Reference, digest: string): [path: string, init: RegistryRequest] {
  return [
    `/v2/${repository}/manifests/${digest}`,
    { method: "GET", headers: { accept: acceptedMediaTypes.join(", ") } },
  ];
}

/**
 * Asks a registry, with a token for everybody where it wants one. Undefined where it wants something else.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
async function askAnonymously(
  { registry }: Reference,
  [path, { method = "GET", headers = {} }]: [path: string, init: RegistryRequest],
  signal: AbortSignal,
) {
  const { fetch } = await import("undici");
  const url = new URL(path, registryUrl(registry === "docker.io" ? dockerHub : registry));
  const ask = (more: Readonly<Record<string, string>> = {}) =>
    fetch(url, { method, headers: { ...headers, ...more }, signal });
  const answer = await ask();
  if (answer.status !== 401) return answer;
  const where = tokenUrl(answer.headers.get("www-authenticate") ?? "");
  if (where === undefined) return undefined;
  const token = tokenSchema.safeParse(await (await fetch(where, { signal })).json());
  return token.success ? ask({ authorization: `Bearer ${token.data}` }) : undefined;
}

/** Parses the challenge of a registry: `Bearer realm="…",service="…",scope="…"`. */
export function tokenUrl(challenge: string): URL | undefined {
  if (!/^bearer /i.test(challenge)) return undefined;
  const { realm, ...parameters } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
