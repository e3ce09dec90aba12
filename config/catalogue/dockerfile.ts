import { posix } from "node:path";

/** The default Dockerfile of a context. */
export function dockerfileIn(context: string): string {
  return `${context.replace(/\/+$/, "")}/Dockerfile`;
}

/**
 * The name that Docker also takes for a Dockerfile called `Dockerfile`; undefined for one with another name.
 * https://github.com/moby/moby/pull/10858
 */
export function lowerCaseDockerfile(path: string): string | undefined {
  if (posix.basename(path) !== "Dockerfile") return undefined;
  return posix.join(posix.dirname(path), "dockerfile");
}
