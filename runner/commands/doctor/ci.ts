import type { StackDescription } from "../../../config/description/description.ts";
import { assertAccount } from "../../aws/account.ts";
import { withClients } from "./aws.ts";
import type { Check } from "./document.ts";
import { checkHistory, checkToken } from "./job.ts";
import { checkPermissions, roleOf } from "./permissions.ts";
import { checkState } from "./state.ts";

/** Checks what a pipeline needs in addition to other machines. */
export async function checkCi(description: StackDescription, signal: AbortSignal): Promise<Check[]> {
  const { settings, directory } = description;
  const found = await Promise.all([
    checkHistory(directory),
    checkState(directory, settings.stack, process.env, signal),
    checkRole(description, signal),
  ]);
  return found.flat();
}

async function checkRole(description: StackDescription, signal: AbortSignal): Promise<Check[]> {
  const { settings } = description;
  const asked = await withClients("permissions", settings, signal, async (clients) => {
    const caller = await assertAccount(clients, settings, signal);
    const [token, permissions] = await Promise.all([
      checkToken(settings.github, roleOf(caller.arn), process.env, signal),
      checkPermissions(description, { clients, caller, signal }),
    ]);
    return [token, ...permissions];
  });
  if (Array.isArray(asked)) return asked;
  // Without credentials, check the token: it may be the reason.
  return [await checkToken(settings.github, "deploy", process.env, signal), asked];
}
