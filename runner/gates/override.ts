import type { GateOverride } from "../cli/override.ts";
import type { Gate, GateName } from "../targets/gate.ts";

/** A gate as `--override-gate` names it: `image-checks`. */
export function optionOfGate(gate: GateName): string {
  return gate.replaceAll(" ", "-");
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
