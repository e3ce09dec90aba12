import { parseReference } from "../registry/reference.ts";
import { baseReferences } from "./base-images.ts";
import type { KeptSource } from "./source-record.ts";

/** An image that a build took something from, as it was then. */
export interface RecordedBase {
  /** What was pulled, without a digest where it has a tag: `node:24`. */
  readonly reference: string;
  /** Digest of the index, or of the only manifest. */
  readonly digest: string;
  /** Whether the reference may stand for another image by now: a tag that nothing else holds. */
  readonly moves: boolean;
}

/**
 * The images that the build of an image took something from, with their digests: those that were recorded, and those
 * that the Dockerfile nails to a digest. Each is the base of some stage, not necessarily of the last one.
 *
 * @param registry the stack's own, for `${registry}`
 */
export function recordedBases({ description, bases }: KeptSource, registry: string): readonly RecordedBase[] {
  const references = baseReferences(description, registry);
  const recorded = Object.entries(references).flatMap(([name, reference]) => {
    const digest = bases[name];
    return digest === undefined ? [] : [{ reference, digest, moves: true }];
  });
  const nailed = description.baseImages.flatMap((name) => {
    const { digest, tag } = parseReference(name) ?? {};
    if (digest === undefined) return [];
    const reference = tag === undefined ? name : name.slice(0, name.indexOf("@"));
    return [{ reference, digest, moves: tag !== undefined }];
  });
  return [...recorded, ...nailed];
}

/** Whether nothing was taken from any image: `FROM scratch`. */
export function isFromNothing({ description }: KeptSource): boolean {
  const { baseImages, needs, remoteContexts } = description;
  const images = Object.values(remoteContexts).filter((location) => location.startsWith("docker-image://"));
  return baseImages.length + images.length + Object.keys(needs).length === 0;
}
