import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import type { Clients } from "../aws/clients.ts";

/** The credentials of a registry. */
export interface RegistryLogin {
  readonly registry: string;
  /** The token in the format of Docker's configuration. */
  readonly auth: string;
}

/**
 * Fetches a token for the stack's registry. It is valid for 12 hours, but not longer than the credentials.
 */
export async function fetchLogin(
  clients: Clients,
  registry: string,
  signal: AbortSignal,
): Promise<RegistryLogin> {
  const { authorizationData } = await clients.ecr.send(new GetAuthorizationTokenCommand({}), {
    abortSignal: signal,
  });
  return { registry, auth: authorizationData?.[0]?.authorizationToken ?? "" };
}
