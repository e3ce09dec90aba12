import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { stackFile } from "../../config/description/description.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/settings.ts";
import type { Clients } from "./clients.ts";

/** The caller of the credentials. */
export interface Caller {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
}

/**
 * Asks AWS for the caller's identity, and enforces the stack's account guard (`aws:allowedAccountIds`,
 * `aws:forbiddenAccountIds`).
 *
 * @throws UserError `wrong-account`, `no-credentials`, `unreachable`
 */
export async function assertAccount(
  clients: Clients,
  settings: Settings,
  signal: AbortSignal,
): Promise<Caller> {
  const identity = await clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  const account = identity.Account ?? "";
  const allowed = settings.aws.allowedAccountIds;
  if (allowed !== undefined && !allowed.includes(account)) {
    throw new UserError({
      code: "wrong-account",
      where: stackFile(settings.stack),
      key: "aws:allowedAccountIds",
      value: allowed,
      message: `the credentials are for account ${account} (${identity.Arn ?? "unknown"}), which stack "${settings.stack}" does not allow`,
      fix: `use credentials for ${allowed.length === 1 ? `account ${allowed[0]}` : `one of ${allowed.join(", ")}`}${
        settings.aws.profile === undefined ? "" : ` in profile ${settings.aws.profile}`
      }, choose another stack, or correct the list`,
    });
  }
  if (settings.aws.forbiddenAccountIds?.includes(account) === true) {
    throw new UserError({
      code: "wrong-account",
      where: stackFile(settings.stack),
      key: "aws:forbiddenAccountIds",
      value: account,
      message: `the credentials are for account ${account} (${identity.Arn ?? "unknown"}), which stack "${settings.stack}" forbids`,
      fix: "use credentials for another account, choose another stack, or correct the list",
    });
  }
  return { account, arn: identity.Arn ?? "" };
}
