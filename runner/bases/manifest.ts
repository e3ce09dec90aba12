import { z } from "zod";
import { normalizePlatform, parseManifest } from "../../builder/manifest.ts";
import type { Clients } from "../aws/clients.ts";
import { connectToRegistry } from "../registry/connection.ts";
import { anonymousManifest, manifestBy, parseReference, type Reference } from "../registry/reference.ts";
import type { RecordedBase } from "./recorded.ts";

/** What a base image is on one platform. */
export interface PlatformOfBase {
  readonly registry: string;
  readonly repository: string;
  /** Digest of the platform's manifest. */
  readonly digest: string;
  /** Digests of its layers, the lowest first. */
  readonly layers: readonly string[];
}

const layersSchema = z.object({ layers: z.array(z.object({ digest: z.string() })) });

/** How long the registries of base images may take to answer. */
const answerSeconds = 10;

/**
 * The layers of a base image on one platform, from its registry: the stack's own is asked with its credentials, all
 * others without any. Undefined when it does not have the image, or does not give it to everybody.
 *
 * @throws if a registry is unreachable
 */
export async function readBase(
  stack: { readonly clients: Clients; readonly registry: string; readonly signal: AbortSignal },
  { reference, digest }: Pick<RecordedBase, "reference" | "digest">,
  platform: string,
): Promise<PlatformOfBase | undefined> {
  const parsed = parseReference(reference);
  if (parsed === undefined) return undefined;
  const signal = AbortSignal.any([stack.signal, AbortSignal.timeout(answerSeconds * 1000)]);
  const text = await manifestOf(stack, parsed, digest, signal);
  if (text === undefined) return undefined;
  const manifest = parseManifest(text);
  const child = manifest.kind === "index" ? manifest.manifests[normalizePlatform(platform)] : digest;
  if (child === undefined) return undefined;
  const own = child === digest ? text : await manifestOf(stack, parsed, child, signal);
  const layers = own === undefined ? undefined : layersSchema.safeParse(JSON.parse(own)).data?.layers;
  if (layers === undefined) return undefined;
  const { registry, repository } = parsed;
  return { registry, repository, digest: child, layers: layers.map((layer) => layer.digest) };
}

async function manifestOf(
  { clients, registry }: { readonly clients: Clients; readonly registry: string },
  reference: Reference,
  digest: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (reference.registry !== registry) return anonymousManifest(reference, digest, signal);
  const connection = connectToRegistry(clients, registry, signal);
  const answer = await connection.request(...manifestBy(reference, digest));
  return answer.ok ? answer.text() : undefined;
}
