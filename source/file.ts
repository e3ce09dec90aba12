/** One file that a build reads, and its content's hash. */
export interface SourceFile {
  /** Relative to its context, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly kind: "file" | "link";
  /** The only permission that counts, as in git. */
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, or of where a link leads to, in hexadecimal digits. */
  readonly hash: string;
}

/** A file's mode as git writes it. */
export function modeOf({ kind, executable }: Pick<SourceFile, "kind" | "executable">): string {
  return kind === "link" ? "120000" : executable ? "100755" : "100644";
}

/** By code unit, not by locale: the order is part of the hash and must agree everywhere. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
