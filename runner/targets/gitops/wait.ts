import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { deliveryNow, outcomeOfEnd } from "./deliver.ts";
import { followDelivery, lookAtDelivery } from "./follow/follow.ts";
import { inspectGitops } from "./inspect.ts";
import { exactReference, referencesAt } from "./places.ts";
import { gitopsTitle } from "./plan.ts";
import type { ProposalEnd } from "./propose/follow.ts";
import { remoteOf } from "./repository/remote.ts";
import { forgetTip } from "./repository/tip.ts";
import { statusOfGitops } from "./status.ts";

/**
 * Follows open pull requests for the target to their merge, and what the branch names then to its end. Undefined
 * when no pull request is open, and nothing follows the branch or its image runs.
 */
export async function waitForGitops(
  service: string,
  target: GitopsTarget,
  context: TargetContext,
): Promise<TargetOutcome | undefined> {
  const startedAt = Date.now();
  const merge = await waitForMerge(target, context);
  const about = { service, title: gitopsTitle(target), kind: "gitops" as const };
  if (merge?.kind === "ended") return { ...about, ...merge.end, milliseconds: Date.now() - startedAt };
  const { follow } = target;
  if (follow === "none" && merge === undefined) return undefined;
  const { running, details } = await statusOfGitops(service, target, context);
  if (running === undefined) return undefined;
  const delivery = await deliveryNow(service, target, running, context);
  if (delivery === undefined) return undefined;
  if (merge === undefined && follow !== "none") {
    const now = await lookAtDelivery({ ...delivery, follow }, context);
    if (now.kind === "running") return undefined;
  }
  const end = await followDelivery(delivery, context);
  return {
    ...about,
    ...outcomeOfEnd(end),
    running,
    milliseconds: Date.now() - startedAt,
    details: { ...details, ...merge?.details },
  };
}

/**
 * Waits until each open pull request for the target is merged, one after the other; the first that ends otherwise
 * ends it. Undefined when there is none.
 */
async function waitForMerge(target: GitopsTarget, context: TargetContext): Promise<ProposalEnd | undefined> {
  if (target.deliver === "push") return undefined;
  const [{ openProposals }, { followProposal }] = await Promise.all([
    import("./propose/proposals.ts"),
    import("./propose/follow.ts"),
  ]);
  const remote = remoteOf(target, context.directory);
  const { texts, resolved } = await inspectGitops(target, context);
  const written = referencesAt(target, texts).flatMap(({ reference }) => reference ?? []);
  const named = new Set([...written, ...written.map((one) => exactReference(one, resolved))]);
  let last: ProposalEnd | undefined;
  for (const { pullRequest, noun, commit } of await openProposals(target, remote, named, context.signal)) {
    const proposal = { pullRequest, noun, commit, was: "unchanged", rivals: [] } as const;
    last = await followProposal(target, { remote }, proposal, { ...context, waitMerge: true });
    forgetTip(remote);
    if (last.kind === "ended") break;
  }
  return last;
}
