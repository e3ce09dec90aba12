/** How a named context says that it is the image of another service of the catalogue. */
const serviceScheme = "service://";

/** Whether a named context is a directory here rather than an image, a layout or a URL. */
export function isLocalContext(location: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//.test(location);
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
