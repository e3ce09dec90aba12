import { basename, dirname } from "node:path/posix";

/** Suffixes of a Dockerfile's name that mark a variant for the same service. */
const variants = new Set(["dev", "development", "test", "tests", "ci", "debug", "local", "base", "builder"]);

/** Whether a path is a Dockerfile's: `Dockerfile`, `Dockerfile.api`, `api.Dockerfile`, `Containerfile`. */
export function isDockerfile(path: string): boolean {
  const name = basename(path);
  if (/\.(dockerignore|md|ya?ml|orig|bak|j2|tmpl)$/i.test(name)) return false;
  return /^(Docker|Container)file(\.[\w-]+)?$|^[\w-]+\.(Docker|Container)file$/i.test(name);
}

/** Whether a path is a compose file with a default name. */
export function isComposeFile(path: string): boolean {
  return /^(docker-)?compose\.ya?ml$/.test(basename(path));
}

/** The part of a Dockerfile's name that distinguishes it in its folder: `api` of `Dockerfile.api`. */
export function suffixOf(path: string): string | undefined {
  const [, after, before] =
    /^(?:Docker|Container)file\.([\w-]+)$|^([\w-]+)\.(?:Docker|Container)file$/i.exec(basename(path)) ?? [];
  return after ?? before;
}

/** Whether a Dockerfile is a variant of another one. */
export function isVariant(path: string): boolean {
  const suffix = suffixOf(path);
  return suffix !== undefined && variants.has(suffix.toLowerCase());
}

/** The service name for a Dockerfile, from its folder and name. */
export function nameOfDockerfile(path: string, repository: string): string {
  const folder = dirname(path);
  const suffix = suffixOf(path);
  if (folder === ".") return serviceName(suffix ?? repository);
  // Folders such as `docker/` say nothing about the service.
  const telling = folder
    .split("/")
    .filter((part) => !/^(docker|deploy|deployment|src|app|build)$/.test(part));
  const [name = suffix ?? repository] = telling.slice(-1);
  return serviceName(suffix === undefined || name === suffix ? name : `${name}-${suffix}`);
}

/** Turns a text into a service name, which is also a repository name. */
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
