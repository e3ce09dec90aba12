import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import type { Clock } from "../../poll.ts";
import { hookName, type StageWatch } from "./progress.ts";

/**
 * Keeps since when a service deployment is in its stage, which the API does not say. Of a stage that had
 * begun before the first look it is not known.
 */
export function createStageWatch(clock: Clock): (ours: ServiceDeployment | undefined) => StageWatch {
  let stage: string | undefined;
  let since: number | undefined;
  let looked = false;
  return (ours) => {
    if (ours?.lifecycleStage !== stage || !looked) {
      since = looked ? clock.now() : undefined;
      stage = ours?.lifecycleStage;
    }
    if (ours !== undefined) looked = true;
    return { stage, milliseconds: since === undefined ? undefined : clock.now() - since };
  };
}

/** What somebody has to do for a deployment that a hook has paused. */
export function pauseHints(ours: ServiceDeployment | undefined): string[] {
  return (ours?.lifecycleHookDetails ?? [])
    .filter(({ status }) => status === "AWAITING_ACTION")
    .map(
      (hook) =>
        `${hookName(hook)} waits for somebody: aws ecs continue-service-deployment --service-deployment-arn ${ours?.serviceDeploymentArn} --hook-id ${hook.hookId} --action CONTINUE (or ROLLBACK)`,
    );
}
