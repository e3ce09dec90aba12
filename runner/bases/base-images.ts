import pMap from "p-map";
import type { SourceDescription } from "../../source/describe.ts";
import { familiarName } from "../../source/dockerfile/dockerfile.ts";
import type { Clients } from "../aws/clients.ts";
import { connectToRegistry } from "../registry/connection.ts";
import { anonymousDigest, manifestAt, parseReference } from "../registry/reference.ts";

/** Image references of a build that can move: reference in the source → reference to pull. */
export type BaseReferences = Readonly<Record<string, string>>;

/** A base image whose tag moved since the build. */
export interface MovedBase {
  /** Reference in the Dockerfile or the named context. */
  readonly name: string;
  /** Reference to pull: the same, unless the stack replaces it. */
  readonly reference: string;
  readonly from: string;
  readonly to: string;
}

/** Time limit for the registries to resolve base images. */
const answerSeconds = 5;

/**
 * The images that a build takes something from: those of the Dockerfile, replaced ones as they are
 * replaced, and named contexts. Not those that a digest nails down, nor other services'.
 *
 * @param registry the stack's own, for `${registry}`
 */
export function baseReferences(
  { baseImages, remoteContexts, needs }: SourceDescription,
  registry: string,
): BaseReferences {
  const contexts = Object.entries(remoteContexts);
  const named = contexts.filter(([, location]) => location.startsWith("docker-image://"));
  const replaced = new Map(contexts.map(([name, location]) => [familiarName(name), location]));
  const needed = new Set(Object.keys(needs).map(familiarName));
  const all = new Map([
    ...baseImages.map((name) => [name, replaced.get(familiarName(name)) ?? name] as const),
    ...named,
  ]);
  return Object.fromEntries(
    [...all].flatMap(([name, location]) => {
      const reference = location.replace(/^docker-image:\/\//, "").replaceAll("${registry}", () => registry);
      const parsed = parseReference(reference);
      const isMovable =
        parsed !== undefined && parsed.digest === undefined && !needed.has(familiarName(name));
      return isMovable ? [[name, reference]] : [];
    }),
  );
}

/**
 * The digests that references stand for now, as far as their registries say: the stack's own is asked
 * with its credentials, all others without any. Fails for nothing but an interruption.
 *
 * @returns name → digest, of those that are known
 */
export async function digestsOfBases(
  bases: BaseReferences,
  stack: { readonly clients: Clients; readonly registry: string; readonly signal: AbortSignal },
): Promise<Readonly<Record<string, string>>> {
  const { clients, registry, signal } = stack;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]);
  const own = connectToRegistry(clients, registry, limited);
  const found = await pMap(
    Object.entries(bases),
    async ([name, reference]) => {
      const parsed = parseReference(reference);
      if (parsed === undefined) return [];
      const asked =
        parsed.registry === registry
          ? own.request(...manifestAt(parsed)).then((answer) => answer.headers.get("docker-content-digest"))
          : anonymousDigest(parsed, limited);
      const digest = await asked.catch(() => undefined);
      signal.throwIfAborted();
      return digest === undefined || digest === null || digest === "" ? [] : [[name, digest] as const];
    },
    { concurrency: 8 },
  );
  return Object.fromEntries(found.flat());
}

/** The base images whose known digest changed. */
export function movedBases(
  bases: BaseReferences,
  then: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly MovedBase[] {
  return Object.entries(bases).flatMap(([name, reference]) => {
    const [before, after] = [then[name], now[name]];
    if (before === undefined || after === undefined || before === after) return [];
    return [{ name, reference, from: before, to: after }];
  });
}

/**
 * Base images that a Dockerfile names by a tag and nails to a digest (`node:24@sha256:…`): name → the reference
 * without the digest, and the digest. They never move by themselves; somebody has to take the newer one.
 */
export function pinnedBases({
  baseImages,
}: Pick<SourceDescription, "baseImages">): Readonly<Record<string, { reference: string; digest: string }>> {
  return Object.fromEntries(
    baseImages.flatMap((name) => {
      const { tag, digest } = parseReference(name) ?? {};
      if (tag === undefined || digest === undefined) return [];
      return [[name, { reference: name.slice(0, name.indexOf("@")), digest }]];
    }),
  );
}
