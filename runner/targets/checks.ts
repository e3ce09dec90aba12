import { hasCode } from "../aws/errors.ts";
import type { TargetCheck } from "./target.ts";

/** What a look found out: nothing when it is well, else what is wrong and what to do. */
export type Finding = Pick<TargetCheck, "message"> & Partial<Pick<TargetCheck, "state" | "fix">>;

/**
 * Makes a check of a look. A look that may not be taken, or that nobody answers, is no fault of the
 * target: it is said that this was not checked.
 *
 * @param look what was found; undefined: nothing is wrong, `good` says how it is
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

/** What is in another region can't be looked at with this one's clients. */
export function elsewhere(name: string, region: string): TargetCheck {
  return notChecked(name, `it is in ${region}`);
}

/** `may not call iam:GetRole`, or the first line of what was answered. */
function reasonOf(error: Error): string {
  const [line = error.name] = error.message.split("\n");
  if (!hasCode(error, "access-denied")) return line;
  const [, action] = /(?:may not call|does not allow) (\w+:\w+)/.exec(error.message) ?? [];
  return action === undefined ? line : `may not call ${action}`;
}
