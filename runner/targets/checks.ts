import { AccessDenied, hasCode } from "../aws/errors.ts";
import type { TargetCheck } from "./target.ts";

/** What a check found: nothing when all is well, else what is wrong and how to fix it. */
export type Finding = Pick<TargetCheck, "message"> & Partial<Pick<TargetCheck, "state" | "fix">>;

/**
 * Runs a look and reports it as a check. When AWS denies the look or does not answer, the check is
 * `not checked`: that is not a fault of the target.
 *
 * @param look returns what is wrong; undefined when nothing is, and then `good` is the message
 */
export async function check(
  name: string,
  good: string,
  signal: AbortSignal,
  look: () => Promise<Finding | undefined>,
): Promise<TargetCheck> {
  try {
    const finding = await look();
    return finding === undefined ? { name, state: "ok", message: good } : { name, state: "fail", ...finding };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || hasCode(error, "no-credentials")) throw error;
    return notChecked(name, reasonOf(error));
  }
}

export function notChecked(name: string, reason: string): TargetCheck {
  return { name, state: "not checked", message: `not checked: ${reason}` };
}

/** A resource in another region: the clients of this region can't read it. */
export function elsewhere(name: string, region: string): TargetCheck {
  return notChecked(name, `it is in ${region}`);
}

/** `may not call iam:GetRole`, or the first line of the answer. */
function reasonOf(error: Error): string {
  return error instanceof AccessDenied
    ? `may not call ${error.action}`
    : (error.message.split("\n")[0] ?? error.name);
}
