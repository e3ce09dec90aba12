import type { EcsTarget } from "../../../../config/catalogue.ts";
import type { TargetCheck, TargetContext, Verification } from "../../target.ts";
import { type EcsState, revisionName } from "../state.ts";
import { checkAlarms } from "./alarms.ts";
import { checkImages } from "./images.ts";
import { checkLogGroups } from "./log-groups.ts";
import { checkRoles } from "./roles.ts";
import { checkSecrets } from "./secrets.ts";

/** Checks what a new revision's tasks need to start: all calls at once, all of them only reading. */
export async function verifyEcs(
  target: EcsTarget,
  state: EcsState,
  verification: Verification,
  context: TargetContext,
): Promise<readonly TargetCheck[]> {
  if (state.kind === "unusable") {
    return state.problems.map(({ message, value, fix }) => ({
      name: "service",
      state: "fail" as const,
      message: value === undefined ? message : `${message}: ${String(value)}`,
      ...(fix === undefined ? {} : { fix }),
    }));
  }
  const found: TargetCheck = {
    name: "service",
    state: "ok",
    message: `set to ${revisionName(state.taskDefinition.taskDefinitionArn)}`,
  };
  const checks = await Promise.all([
    checkRoles(state, context),
    checkSecrets(state, context),
    checkLogGroups(state, context),
    checkImages(target, state, verification, context),
    checkAlarms(target, state, context),
  ]);
  return [found, ...checks.flat()];
}
