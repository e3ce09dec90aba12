import { getAuthorizationTokenOutput } from "@pulumi/aws/ecr/getAuthorizationToken.js";
import type { types } from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

/**
 * Credentials for the registry, which each run fetches and passes to the build in memory: no
 * `docker login`, nothing in ~/.docker. In the state they are encrypted and soon stale; the provider
 * neither compares nor uses the ones there.
 *
 * A registry that asks for none (a sandbox's) is never sent them.
 */
export function registryCredentials(address: pulumi.Output<string>): types.input.RegistryArgs {
  const token = getAuthorizationTokenOutput();
  return { address, username: token.userName, password: pulumi.secret(token.password) };
}
