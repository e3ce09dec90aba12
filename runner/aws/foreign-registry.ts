import type { ECRClient } from "@aws-sdk/client-ecr";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Settings } from "../../config/settings.ts";
import { hasOwnRole } from "../../config/stack/provider.ts";
import { assertAccount, type Caller } from "./account.ts";
import type { Clients } from "./clients.ts";

/**
 * Whose registry a stack's images are read from. A stack whose account guard names one account, and no
 * profile, keys or role of its own, may be read with another account's credentials: its repositories'
 * policy decides who may. The clients then ask that account's registry, and nothing but its images can be read.
 *
 * @returns the caller, with the account that the stack lives in
 * @throws UserError `wrong-account`, `no-credentials`, `unreachable`
 */
export async function openImages(
  clients: Clients,
  settings: Settings,
  signal: AbortSignal,
): Promise<{ readonly caller: Caller; readonly isForeign: boolean }> {
  const [owner, ...others] = settings.aws.allowedAccountIds ?? [];
  if (
    owner === undefined ||
    others.length > 0 ||
    settings.aws.profile !== undefined ||
    hasOwnRole(settings.aws)
  ) {
    return { caller: await assertAccount(clients, settings, signal), isForeign: false };
  }
  const { Account, Arn = "" } = await clients.sts.send(new GetCallerIdentityCommand({}), {
    abortSignal: signal,
  });
  const isForeign = Account !== owner;
  if (isForeign) askRegistryOf(clients.ecr, owner);
  return { caller: { account: owner, arn: Arn }, isForeign };
}

/** Calls of this client go to another account's registry; its token is good for every registry. */
function askRegistryOf(ecr: ECRClient, account: string): void {
  ecr.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === "GetAuthorizationTokenCommand"
          ? next(args)
          : next({ ...args, input: { ...args.input, registryId: account } }),
    { step: "initialize", name: "slipwayForeignRegistry" },
  );
}
