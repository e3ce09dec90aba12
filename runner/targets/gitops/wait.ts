import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { deliveryNow, outcomeOfEnd } from "./deliver.ts";
import { followDelivery, lookAtDelivery } from "./follow/follow.ts";
import { statusOfGitops } from "./status.ts";

/** Follows what the branch names now to its end; undefined when nothing follows it, or when it runs. */
export async function waitForGitops(
  service: string,
  target: GitopsTarget,
  context: TargetContext,
): Promise<TargetOutcome | undefined> {
  const { follow } = target;
  if (follow === "none") return undefined;
  const { running, title, details } = await statusOfGitops(service, target, context);
  if (running === undefined) return undefined;
  const delivery = await deliveryNow(service, target, running, context);
  if (delivery === undefined) return undefined;
  const now = await lookAtDelivery({ ...delivery, follow }, context);
  if (now.kind === "running") return undefined;
  const end = await followDelivery(delivery, context);
  const milliseconds = Date.now() - delivery.startedAt;
  return {
    service,
    title,
    kind: "gitops",
    ...outcomeOfEnd(end),
    running,
    milliseconds,
    ...(details && { details }),
  };
}
