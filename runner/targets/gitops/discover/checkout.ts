/** A checkout of a git repository, with the files in it that may name a service's image. */
export interface Checkout {
  /** The checkout in messages: `.` or `../deploy`. */
  readonly label: string;
  /** The repository as services.yaml names it, without credentials; undefined without a usable origin. */
  readonly repository: string | undefined;
  /** Undefined when no branch is checked out and the origin names no default. */
  readonly branch: string | undefined;
  /** Paths of all YAML files that git tracks, from the top of the repository. */
  readonly paths: ReadonlySet<string>;
  /** The texts of those that mention a service or describe an Application. */
  readonly texts: ReadonlyMap<string, string>;
  /** What was passed over, and why. */
  readonly notes: readonly string[];
}

/** Whether a path is one of a YAML file that people write manifests in. */
export function isCandidate(path: string): boolean {
  const folders = path.split("/").slice(0, -1);
  if (folders.some((folder) => folder === "node_modules" || folder.startsWith("."))) return false;
  return /\.ya?ml$/.test(path) || /(^|\/)Kustomization$/.test(path);
}

/**
 * Whether a path lies in a Helm chart's folder of templates.
 * https://helm.sh/docs/topics/charts/#the-chart-file-structure
 */
export function isChartTemplate(path: string, paths: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  return parts.some(
    (part, index) => part === "templates" && paths.has([...parts.slice(0, index), "Chart.yaml"].join("/")),
  );
}

/** Tells whether a text names an image of one of the services, or an object of Argo CD or Flux that deploys files. */
export function mentionOf(services: readonly string[]): (text: string) => boolean {
  const names = services.map((name) => name.replaceAll(/[\\^$.|?+()[\]{}*]/g, "\\$&")).join("|");
  const image = new RegExp(`(?:^|[\\s/"'])(?:${names})(?:[\\s:@"',}\\]]|$)`, "m");
  return (text) =>
    (services.length > 0 && image.test(text)) ||
    (text.includes("argoproj.io/") && /^kind:\s*["']?Application["']?\s*$/m.test(text)) ||
    (text.includes(".toolkit.fluxcd.io/") &&
      /^kind:\s*["']?(Kustomization|HelmRelease|GitRepository)["']?\s*$/m.test(text));
}

/** Whether a text that mentions a service is one of Go's templates rather than of manifests. */
export function isTemplate(text: string): boolean {
  return text.includes("{{");
}
