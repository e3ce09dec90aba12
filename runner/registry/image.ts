/** An image that targets are planned with. As long as it is not built, its digests are undefined. */
export interface PlannedImage {
  readonly service: string;
  /** Name of the ECR repository. */
  readonly repository: string;
  /** Host (and port) of the registry. */
  readonly registry: string;
  /** Digest of the index, or of the manifest when there is one platform only. */
  readonly digest: string | undefined;
  /** Platform → digest of that platform's manifest. */
  readonly manifests: Readonly<Record<string, string | undefined>>;
  /** The source hash it was built from, when it is known. */
  readonly sourceHash?: string;
}

/** An image in the registry: what one build of a service pushed. */
export interface Image extends PlannedImage {
  readonly digest: string;
  readonly manifests: Readonly<Record<string, string>>;
}

/** The reference that pins exactly this image: `<registry>/<repository>@<digest>`. */
export function imageReference(image: Image, digest: string = image.digest): string {
  return `${image.registry}/${image.repository}@${digest}`;
}

/** The reference as a plan shows it: `(after build)` stands for a digest that is not known yet. */
export function plannedReference(image: PlannedImage, digest: string | undefined = image.digest): string {
  return `${image.registry}/${image.repository}@${digest ?? "(after build)"}`;
}

/** The beginning of a digest, enough for people to tell images apart: `sha256:` and twelve digits. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

/** The short digest of a reference by digest; any other reference as it is. */
export function shortReference(reference: string): string {
  const digest = reference.split("@")[1];
  return digest === undefined ? reference : shortDigest(digest);
}

/** `platform`, of an image that is built for one platform only: its digest need not be an index. */
export function onlyPlatform(platforms: readonly string[]): { readonly platform?: string } {
  const [platform, ...others] = platforms;
  return platform === undefined || others.length > 0 ? {} : { platform };
}
