import { UserError } from "../../../config/problems/errors.ts";
import type { Emit } from "../../report/events.ts";
import { openDescription } from "../../session/session.ts";
import { checkAccount, checkRegistry } from "./aws.ts";
import { checkBuilder } from "./builder.ts";
import { checkCi } from "./ci.ts";
import type { Check, DoctorDocument } from "./document.ts";
import { refused } from "./refused.ts";
import { checkRescan } from "./rescan.ts";
import { checkBuildx, checkDocker, checkGit, checkLanguageHost, checkNode, checkPulumi } from "./tools.ts";

/**
 * Checks everything that a deployment needs, without changing anything. A failed check does not stop the
 * others.
 *
 * @param asked the stack; without one, and if there are several, only the machine is checked
 * @param options.ci whether to also check what a pipeline needs: token, permissions, history, state
 */
export async function examine(
  asked: string | undefined,
  options: { readonly ci: boolean },
  context: { readonly directory: string; readonly emit: Emit; readonly signal: AbortSignal },
): Promise<DoctorDocument> {
  const { directory, signal } = context;
  const opened = await openDescription(directory, { services: [], stack: asked, sources: "all" }).catch(
    (error: unknown) => {
      if (error instanceof UserError) return error;
      throw error;
    },
  );
  const description: Check =
    opened instanceof UserError
      ? refused("description", opened, asked === undefined)
      : {
          name: "description",
          state: "ok",
          message: `services.yaml and Pulumi.${opened.settings.stack}.yaml are valid`,
        };
  const checks = await Promise.all([
    checkNode(),
    checkGit(directory, signal),
    checkPulumi(signal),
    checkLanguageHost(signal),
    checkDocker(signal),
    checkBuildx(signal),
    ...(opened instanceof UserError
      ? []
      : [checkBuilder(opened, signal), checkAccount(opened, signal), checkRegistry(opened, signal)]),
  ]);
  const rescan = opened instanceof UserError ? [] : await checkRescan(opened, signal);
  const inCi = options.ci && !(opened instanceof UserError) ? await checkCi(opened, signal) : [];
  return {
    version: 1,
    kind: "doctor",
    stack: opened instanceof UserError ? undefined : opened.settings.stack,
    checks: [description, ...checks, ...rescan, ...inCi],
  };
}
