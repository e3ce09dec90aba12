import { UserError } from "../../../config/problems/errors.ts";
import type { Check } from "./document.ts";

/** A check that ended in a UserError. */
export function refused(name: string, error: UserError, mild = false): Check {
  const [first, ...others] = error.problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const place = [first?.where, first?.key].filter((part) => part !== undefined).join(": ");
  return {
    name,
    state: mild && first?.code === "which-stack" ? "warn" : "fail",
    message: `${place}: ${first?.message}${more}`,
    ...(first?.fix !== undefined && { fix: first.fix }),
  };
}

/** Returns a UserError, and rethrows any other error. */
export function unlessRefused(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}
