import { basename, dirname } from "node:path/posix";

/** Ends of a Dockerfile's name that mean another way to build the same service. */
const variants = new Set(["dev", "development", "test", "tests", "ci", "debug", "local", "base", "builder"]);

/** Whether a path is a Dockerfile's: `Dockerfile`, `Dockerfile.api`, `api.Dockerfile`, `Containerfile`. */
export function isDockerfile(path: string): boolean {
  const name = basename(path);
  if (/\.(dockerignore|md|ya?ml|orig|bak|j2|tmpl)$/i.test(name)) return false;
  return /^(Docker|Container)file(\.[\w-]+)?$|^[\w-]+\.(Docker|Container)file$/i.test(name);
}

/** Whether a path is that of a compose file which is read without being asked for. */
export function isComposeFile(path: string): boolean {
  return /^(docker-)?compose\.ya?ml$/.test(basename(path));
}

/** What sets a Dockerfile apart from others in its folder: `api` of `Dockerfile.api`. */
export function suffixOf(path: string): string | undefined {
  const [, after, before] =
    /^(?:Docker|Container)file\.([\w-]+)$|^([\w-]+)\.(?:Docker|Container)file$/i.exec(basename(path)) ?? [];
  return after ?? before;
}

/** Whether a Dockerfile is another way to build what another one builds. */
export function isVariant(path: string): boolean {
  const suffix = suffixOf(path);
  return suffix !== undefined && variants.has(suffix.toLowerCase());
}

/** The service that a Dockerfile builds, by its place and name. */
export function nameOfDockerfile(path: string, repository: string): string {
  const folder = dirname(path);
  const suffix = suffixOf(path);
  if (folder === ".") return serviceName(suffix ?? repository);
  // `docker/Dockerfile` and the like say nothing of what they build.
  const telling = folder
    .split("/")
    .filter((part) => !/^(docker|deploy|deployment|src|app|build)$/.test(part));
  const [name = suffix ?? repository] = telling.slice(-1);
  return serviceName(suffix === undefined || name === suffix ? name : `${name}-${suffix}`);
}

/** A text as the name of a service, which is also that of a repository. */
export function serviceName(text: string): string {
  const name = text
    .replaceAll(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/[._-]{2,}/g, "-")
    .replaceAll(/^[._-]+|[._-]+$/g, "")
    .slice(0, 100);
  return name === "" ? "service" : name;
}
