import type { Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import type { EcsApplied } from "../apply.ts";
import { nothingTold, type Told } from "./lines.ts";
import { nothingWatched, type WatchedStage } from "./stage-watch.ts";
import type { Verdict } from "./verdict.ts";

/** What the looks so far have shown of a deployment. */
export interface FollowState {
  readonly told: Told;
  readonly stage: WatchedStage;
  readonly last: LastLook | undefined;
  /** Why the deployment failed. Later looks follow its rollback. */
  readonly failure: { readonly reason: string; readonly evidence: readonly string[] } | undefined;
  readonly failures: number;
  /** Why load balancers reject tasks that ECS reports as running. */
  readonly unhealthy: readonly string[];
}

export interface LastLook {
  readonly service: Service;
  readonly ours: ServiceDeployment | undefined;
  readonly verdict: Verdict;
}

/** Before the first look. */
export function beginFollowing(applied: EcsApplied): FollowState {
  return {
    told: nothingTold(applied),
    stage: nothingWatched,
    last: undefined,
    failure: undefined,
    failures: 0,
    unhealthy: [],
  };
}
