import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** What a program may see of the environment: how to reach the network, and nothing of who the user is. */
export const networkVariables = [
  "PATH",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

/**
 * The whole environment of a program of this machine that is given images: a scanner, Syft, Cosign. Releases of such
 * programs were compromised before, so it has none of the variables that hold credentials.
 *
 * @param home folder for the program's files, instead of the user's own
 * @param own further variables, by name
 * @param kept names of further variables that are handed on when they are set
 */
export function toolEnvironment(
  home: string,
  own: Readonly<Record<string, string>>,
  kept: readonly string[] = [],
): Record<string, string> {
  return { ...variablesNamed([...networkVariables, ...kept], process.env), HOME: home, ...own };
}

/** Those of the named variables that are set. */
export function variablesNamed(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const set = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}

/** A folder with a registry's token in the format of Docker's configuration, for `DOCKER_CONFIG`. */
export function withLoginFolder<T>(
  purpose: string,
  { registry, auth }: { readonly registry: string; readonly auth: string },
  work: (folder: string) => Promise<T>,
): Promise<T> {
  return withTemporaryFolder(purpose, async (folder) => {
    // In a file, which only this user reads, and neither in an argument nor in a variable.
    const text = JSON.stringify({ auths: { [registry]: { auth } } });
    await writeFile(join(folder, "config.json"), text, { mode: 0o600 });
    return work(folder);
  });
}
