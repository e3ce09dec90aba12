import { UserError } from "../../config/problems/errors.ts";
import type { overridableGates } from "../cli/options.ts";
import type { Gate, GateName } from "../targets/gate.ts";

export type OverridableGate = (typeof overridableGates)[number];

/** A gate as `--override-gate` names it: `image-checks`. */
export function optionOfGate(gate: GateName): string {
  return gate.replaceAll(" ", "-");
}

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
    message: `needs ${missing} as well`,
    fix: '--override-gate findings --reason "why"',
  });
}

/**
 * A gate after a person's decision. Only one that failed is overridden.
 *
 * @param caller ARN of who runs the command
 */
export function overridden(gate: Gate, override: GateOverride | undefined, caller: string): Gate {
  const { verdict, message = "" } = gate;
  if (override === undefined || verdict !== "failed" || override.gate !== optionOfGate(gate.gate))
    return gate;
  return { ...gate, verdict: "overridden", message: `by ${caller}: ${override.reason} (${message})` };
}
