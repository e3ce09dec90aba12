/** Prefix of a named context that is the image of another service. */
const serviceScheme = "service://";

/** Whether a named context is a directory here rather than an image, a layout or a URL. */
export function isLocalContext(location: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//.test(location);
}

/** A folder in the OCI image layout, as a named context has it: https://docs.docker.com/reference/cli/docker/buildx/build/#source-oci-layout */
export interface LayoutContext {
  /** Relative to the project's directory. */
  readonly folder: string;
  /** Which image of it: `:<tag>`, `@<digest>`, both, or nothing. */
  readonly image: string;
}

/** The OCI layout that a named context is; undefined: it is something else. */
export function layoutOfContext(location: string): LayoutContext | undefined {
  const [, folder, image = ""] =
    /^oci-layout:\/\/(.+?)((?::\w[\w.-]*)?(?:@[a-z0-9]+:[0-9a-f]+)?)$/.exec(location) ?? [];
  return folder === undefined ? undefined : { folder, image };
}

/** The named context that is an image of an OCI layout. */
export function layoutContext({ folder, image }: LayoutContext): string {
  return `oci-layout://${folder}${image}`;
}

/** Whether a build reads a named context from a copy: it is a directory here, or an OCI layout. */
export function isStaged(location: string): boolean {
  return isLocalContext(location) || layoutOfContext(location) !== undefined;
}

/** The named context that stands for another service's image. */
export function serviceContext(service: string): string {
  return `${serviceScheme}${service}`;
}

/** The service whose image a named context is; undefined: it is something else. */
export function serviceOfContext(location: string): string | undefined {
  return location.startsWith(serviceScheme) ? location.slice(serviceScheme.length) : undefined;
}

/** Whether a path is a pattern: it has one of picomatch's special characters. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}()!]/.test(path);
}
