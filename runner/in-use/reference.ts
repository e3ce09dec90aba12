/** An image reference, taken apart. */
export interface Reference {
  /** Host and port; empty when none is named. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Takes a reference apart: `<registry>/<repository>[:tag][@digest]`. */
export function parseReference(reference: string): Reference {
  const [name = "", digest] = reference.split("@");
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(0, slash));
  // A first part is a host when it could not be a part of a name: https://github.com/distribution/reference
  const isHost = /[.:]/.test(first) || first === "localhost";
  const path = isHost ? name.slice(slash + 1) : name;
  const [, repository = path, tag] = /^(.*):([^/:]+)$/.exec(path) ?? [];
  return { registry: isHost ? first : "", repository, tag, digest };
}
