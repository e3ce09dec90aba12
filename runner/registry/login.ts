import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import type { Clients } from "../aws/clients.ts";

/** What signs in to a registry. */
export interface RegistryLogin {
  readonly registry: string;
  /** A token as Docker's configuration has it. */
  readonly auth: string;
}

/** Fetches a token for the stack's registry. It is good for 12 hours, or as long as the credentials are. */
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
