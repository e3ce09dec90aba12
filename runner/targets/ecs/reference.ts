/** A reference taken apart. */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly id: { readonly imageDigest: string } | { readonly imageTag: string };
}

/** `registry/repository:tag` or `…@digest`, as Docker reads it. */
export function parseReference(reference: string): Reference {
  const [path = "", digest] = reference.split("@");
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(0, slash));
  const hasHost = /[.:]/.test(first) || first === "localhost";
  const rest = hasHost ? path.slice(slash + 1) : path;
  const colon = rest.lastIndexOf(":");
  const repository = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? "latest" : rest.slice(colon + 1);
  return {
    registry: hasHost ? first : "docker.io",
    repository,
    id: digest === undefined ? { imageTag: tag } : { imageDigest: digest },
  };
}
