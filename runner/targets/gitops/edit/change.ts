import type { ScalarEdit, Splice } from "./scalar.ts";

/** A place that a change may touch, and the text that it then has; undefined: whatever was inserted. */
export interface Expected {
  readonly at: string;
  readonly value?: string;
}

/** A change of a file, and the only places that may differ after it. */
export interface Change extends Splice {
  readonly expected: readonly Expected[];
}

/** What a kind of place names, and what would have to change for another image. */
export interface PlaceEdit {
  /** Reference that the place names now: `registry/repository:tag@digest`; undefined while it names none. */
  readonly before: string | undefined;
  /** Position of the scalar that decides: the digest, or the whole reference. */
  readonly offset: number;
  readonly changes: readonly Change[];
}

/** The image that a place is to name. */
export interface WrittenImage {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  /** Written in front of the digest; undefined: the digest alone. */
  readonly tag: string | undefined;
  /** Whether the tag is written and the digest is not. Default: false. */
  readonly isTagOnly?: boolean;
}

export function changeOf({ start, end, text, at, value }: ScalarEdit): Change {
  return { start, end, text, expected: [{ at, value }] };
}

/** `registry/repository` */
export function nameOf({ registry, repository }: Pick<WrittenImage, "registry" | "repository">): string {
  return `${registry}/${repository}`;
}

/** The image as one reference: `registry/repository@digest`, with its tag, or by it alone, as it is written. */
export function referenceOf(image: WrittenImage): string {
  return joinReference(nameOf(image), image.tag, image.isTagOnly === true ? undefined : image.digest);
}

/** A reference of its parts; a tag may hold a digest already: `v1@sha256:…`. */
export function joinReference(name: string, tag: string | undefined, digest: string | undefined): string {
  const isSet = (text: string | undefined) => text !== undefined && text !== "";
  return `${name}${isSet(tag) ? `:${tag}` : ""}${isSet(digest) ? `@${digest}` : ""}`;
}
