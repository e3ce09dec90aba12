import { readFileSync } from "node:fs";
import type { SourceFile } from "./file.ts";
import type { BuildInputs } from "./inputs.ts";

/** What every pointer begins with: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const version = "version https://git-lfs.github.com/spec/v1";

/** Sizes that a pointer can have, in bytes: the version and a hash at least, and less than the spec's limit. */
const smallest = version.length + 76;
const largest = 1023;

/** SHA-256 of the large file that a Git LFS pointer stands for; undefined: the content is no pointer. */
export function pointerHash(content: Buffer): string | undefined {
  if (content.length > largest || content.toString("latin1", 0, version.length) !== version) return undefined;
  return /^oid sha256:([0-9a-f]{64})$/m.exec(content.toString("latin1"))?.[1];
}

/**
 * Files that a build would copy and that are pointers of Git LFS: `git lfs pull` has not been run. Only
 * files of a pointer's size are read, so that large contexts cost nothing.
 */
export function lfsPointers({ context, namedContexts }: BuildInputs): readonly SourceFile[] {
  return [...context, ...Object.values(namedContexts).flat()].filter(
    ({ kind, size, absolute }) =>
      kind === "file" && size >= smallest && size <= largest && isPointer(absolute),
  );
}

/** A file that is gone is not this one's to tell. */
function isPointer(absolute: string): boolean {
  try {
    return pointerHash(readFileSync(absolute)) !== undefined;
  } catch {
    return false;
  }
}
