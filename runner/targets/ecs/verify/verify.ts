import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import { hasCode } from "../../../aws/errors.ts";
import type { TargetCheck, TargetContext, Verification } from "../../target.ts";
import { referencesByContainer } from "../containers.ts";
import { existingService } from "../inspect.ts";
import { reusableRevision } from "../revisions/task-definition.ts";
import { type EcsState, type ExistingService, revisionName } from "../state.ts";
import { checkAlarms } from "./alarms.ts";
import { checkImages } from "./images.ts";
import { checkLogGroups } from "./log-groups.ts";
import { checkRoles } from "./roles.ts";
import { checkSecrets } from "./secrets.ts";

/** Checks what a new revision's tasks need to start, with read-only calls, all at once. */
export async function verifyEcs(
  target: EcsTarget,
  planned: EcsState,
  verification: Verification,
  context: TargetContext,
): Promise<readonly TargetCheck[]> {
  if (planned.kind === "unusable") {
    return planned.problems.map(({ message, value, fix }) => ({
      name: "service",
      state: "fail" as const,
      message: value === undefined ? message : `${message}: ${String(value)}`,
      ...(fix === undefined ? {} : { fix }),
    }));
  }
  const state = await existingService(planned, context);
  const found: TargetCheck = {
    name: "service",
    state: "ok",
    message: `set to ${revisionName(state.taskDefinition.taskDefinitionArn)}`,
  };
  const next = await revisionToCome(target, state, verification, context);
  if ("name" in next) return [found, next];
  const checks = await Promise.all([
    checkRoles(next, context),
    checkSecrets(next, context),
    checkLogGroups(next, context),
    checkImages(target, next, verification, context),
    checkAlarms(target, next, context),
  ]);
  return [found, ...checks.flat()];
}

/**
 * The service with the revision of its next tasks: the current one with other images, or that of an earlier
 * release, whose roles and secrets may differ. If ECS can't set that revision again, the check fails.
 */
async function revisionToCome(
  target: EcsTarget,
  state: ExistingService,
  { image, reuse }: Verification,
  { clients, signal }: TargetContext,
): Promise<ExistingService | TargetCheck> {
  if (reuse === undefined || image === undefined) return state;
  try {
    const kept = await reusableRevision(clients.ecs, reuse, referencesByContainer(target, image), signal);
    return kept === undefined ? state : { ...state, taskDefinition: kept };
  } catch (error) {
    if (!hasCode(error, "revision-gone")) throw error;
    const [problem] = error.problems;
    const { message = error.message, fix } = problem ?? {};
    return { name: `revision ${reuse}`, state: "fail", message, ...(fix === undefined ? {} : { fix }) };
  }
}
