import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import type { Clients } from "../aws/clients.ts";

/**
 * Runs `work` with an environment in which buildx may push to the registry: a Docker configuration of
 * its own with a fresh token, gone afterwards. ~/.docker is not touched.
 */
export async function withPushLogin<T>(
  clients: Clients,
  registry: string,
  signal: AbortSignal,
  work: (environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const { authorizationData } = await clients.ecr.send(new GetAuthorizationTokenCommand({}), {
    abortSignal: signal,
  });
  const auth = authorizationData?.[0]?.authorizationToken ?? "";
  const usual = process.env.DOCKER_CONFIG ?? join(homedir(), ".docker");
  const folder = await mkdtemp(join(tmpdir(), "slipway-docker-"));
  try {
    const configuration = {
      auths: { [registry]: { auth } },
      // The plugin and its builders are where they always are.
      cliPluginsExtraDirs: [join(usual, "cli-plugins")],
    };
    await writeFile(join(folder, "config.json"), JSON.stringify(configuration), { mode: 0o600 });
    return await work({
      DOCKER_CONFIG: folder,
      BUILDX_CONFIG: process.env.BUILDX_CONFIG ?? join(usual, "buildx"),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
