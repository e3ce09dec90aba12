import { readFile, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Clients } from "../aws/clients.ts";
import { fetchLogin, type RegistryLogin } from "../registry/login.ts";
import { withTemporaryFolder } from "../stack/temporary-folder.ts";

/** Environment variables that log buildx in to a registry. */
export type LoginEnvironment = Readonly<Record<string, string>>;

/**
 * Runs `work` with an environment in which buildx may push to the registry: a temporary Docker
 * configuration with a new token. Does not change ~/.docker.
 */
export async function withPushLogin<T>(
  clients: Clients,
  registry: string,
  signal: AbortSignal,
  work: (environment: LoginEnvironment) => Promise<T>,
): Promise<T> {
  const login = await fetchLogin(clients, registry, signal);
  const { currentContext, cliPluginsExtraDirs } = (await readUsual()) ?? {};
  const auths = { [registry]: { auth: login.auth } };
  return withConfiguration({ auths, currentContext, cliPluginsExtraDirs }, work);
}

const configurationSchema = z.looseObject({
  auths: z.record(z.string(), z.unknown()).optional(),
  credsStore: z.string().optional(),
  /** Name of the Docker context, in the folder `contexts`. */
  currentContext: z.string().optional(),
  cliPluginsExtraDirs: z.array(z.string()).optional(),
});
type Configuration = z.output<typeof configurationSchema>;

/**
 * Runs `work` with an environment in which buildx may read from the registry, beside all that it may read
 * anyway. Undefined where a store keeps Docker's credentials: it is asked for every registry, and what a
 * file says counts for nothing then.
 */
export async function withReadLogin<T>(
  { registry, auth }: RegistryLogin,
  work: (environment: LoginEnvironment | undefined) => Promise<T>,
): Promise<T> {
  const usual = await readUsual();
  if (usual === undefined || (usual.credsStore ?? "") !== "") return work(undefined);
  return withConfiguration({ ...usual, auths: { ...usual.auths, [registry]: { auth } } }, work);
}

/** Docker's configuration; undefined if it is not readable. */
async function readUsual() {
  const text = await readFile(join(usualFolder(), "config.json"), "utf8").catch(() => "{}");
  try {
    return configurationSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function usualFolder(): string {
  return process.env.DOCKER_CONFIG ?? join(homedir(), ".docker");
}

function withConfiguration<T>(
  configuration: Configuration,
  work: (environment: LoginEnvironment) => Promise<T>,
): Promise<T> {
  const usual = usualFolder();
  return withTemporaryFolder("docker", async (folder) => {
    // The plugin, its builders and the daemons are where they always are.
    await symlink(join(usual, "contexts"), join(folder, "contexts"));
    const plugins = [join(usual, "cli-plugins"), ...(configuration.cliPluginsExtraDirs ?? [])];
    const whole = { ...configuration, cliPluginsExtraDirs: plugins };
    await writeFile(join(folder, "config.json"), JSON.stringify(whole), { mode: 0o600 });
    return await work({
      DOCKER_CONFIG: folder,
      BUILDX_CONFIG: process.env.BUILDX_CONFIG ?? join(usual, "buildx"),
    });
  });
}
