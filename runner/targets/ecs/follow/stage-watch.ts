import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import { hookName } from "./progress.ts";

/** Since when a service deployment has been in its stage, as far as this run saw it. */
export interface WatchedStage {
  readonly stage: string | undefined;
  /** Milliseconds since the epoch; undefined when the stage began before the first look. */
  readonly since: number | undefined;
  /** Whether the deployment was seen before. */
  readonly looked: boolean;
}

export const nothingWatched: WatchedStage = { stage: undefined, since: undefined, looked: false };

/**
 * The stage after another look. The API does not say when a deployment entered its stage, so the start of
 * a stage that began before the first look is unknown.
 *
 * @param at time of the look, in milliseconds since the epoch
 */
export function watchStage(
  before: WatchedStage,
  ours: ServiceDeployment | undefined,
  at: number,
): WatchedStage {
  const looked = before.looked || ours !== undefined;
  if (ours?.lifecycleStage === before.stage && before.looked) return { ...before, looked };
  return { stage: ours?.lifecycleStage, since: before.looked ? at : undefined, looked };
}

/** What a user has to do about a deployment that a hook has paused. */
export function pauseHints(ours: ServiceDeployment | undefined): string[] {
  return (ours?.lifecycleHookDetails ?? [])
    .filter(({ status }) => status === "AWAITING_ACTION")
    .map(
      (hook) =>
        `${hookName(hook)} waits for a user: aws ecs continue-service-deployment --service-deployment-arn ${ours?.serviceDeploymentArn} --hook-id ${hook.hookId} --action CONTINUE (or ROLLBACK)`,
    );
}
