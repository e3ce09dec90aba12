import { UserError } from "../../config/problems/errors.ts";
import type { overridableGates } from "./options.ts";

export type OverridableGate = (typeof overridableGates)[number];

/** A person's decision to move in spite of a gate. */
export interface GateOverride {
  readonly gate: OverridableGate;
  readonly reason: string;
}

/** The options of every command that asks the gates. */
export interface OverrideOptions {
  readonly "override-gate"?: OverridableGate | undefined;
  readonly reason?: string | undefined;
}

/**
 * The decision that a command line states; undefined when it states none.
 *
 * @throws UserError `wrong-usage` for one of the two options without the other
 */
export function overrideOf({ "override-gate": gate, reason }: OverrideOptions): GateOverride | undefined {
  if (gate === undefined && reason === undefined) return undefined;
  if (reason !== undefined && gate !== undefined) return { gate, reason };
  const missing = reason === undefined ? "--reason" : "--override-gate";
  const given = reason === undefined ? "--override-gate" : "--reason";
  throw new UserError({
    code: "wrong-usage",
    where: given,
    value: gate ?? reason,
    message: `needs ${missing} as well`,
    fix: `--override-gate ${gate ?? "findings"} --reason ${JSON.stringify(reason ?? "why")}`,
  });
}
