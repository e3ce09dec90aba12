import { isAbort } from "../../../../config/problems/abort.ts";
import type { GitopsTarget } from "../../../../config/targets/gitops/target.ts";
import type { TargetContext, TargetDetails, TargetOutcome } from "../../target.ts";
import { fetchCommit } from "../repository/clone.ts";
import { readTip } from "../repository/tip.ts";
import type { GitopsApplied } from "../state.ts";
import type { PullRequest } from "./forge.ts";
import { awaitMerge } from "./merge.ts";
import { openForge } from "./open.ts";
import type { Proposal } from "./propose.ts";
import { describeRivals } from "./rivals.ts";

/** What became of a pull request: merged by a commit of the branch, or how the target ended without. */
export type ProposalEnd =
  | { readonly kind: "merged"; readonly commit: string; readonly details: TargetDetails }
  | {
      readonly kind: "ended";
      readonly end: Pick<TargetOutcome, "outcome" | "message" | "hint" | "details">;
    };

/** Waits for the merge of a pull request where that is wanted. */
export async function followProposal(
  target: GitopsTarget,
  { remote }: Pick<GitopsApplied, "remote">,
  { pullRequest, noun, commit, was, rivals }: Proposal,
  context: TargetContext,
): Promise<ProposalEnd> {
  const { number, url } = pullRequest;
  const name = `${noun} #${number}`;
  const details = { pullRequest: number, url, proposed: commit, branch: target.branch };
  const ended = (outcome: TargetOutcome["outcome"], message: string, hint?: string): ProposalEnd => ({
    kind: "ended",
    end: { outcome, message, details, ...(hint === undefined ? {} : { hint }) },
  });
  if (context.waitMerge !== true) {
    const before = was === "unchanged" ? ` by an earlier run` : "";
    const others = describeRivals(rivals, noun);
    return ended("proposed", `proposed in ${name}${before}, not merged: ${url}${others}`);
  }
  const forge = await openForge(target, context.signal);
  const seconds = target.pullRequest?.mergeTimeoutSeconds ?? 3600;
  let now: PullRequest | undefined;
  try {
    now = await awaitMerge(forge, pullRequest, seconds, context);
  } catch (error) {
    if (!isAbort(error)) throw error;
    return ended("cancelled", `interrupted before ${name} was merged; it stays open: ${url}`);
  }
  if (now === undefined) {
    const hint = "the same command finds it again: it may be merged in the meantime";
    return ended("failed", `${name} was not merged within ${seconds} s; it stays open: ${url}`, hint);
  }
  if (now.state === "closed") {
    return ended("failed", `${name} was closed without a merge: ${url}`);
  }
  const { clone, commit: tip } = await readTip(remote, context.signal);
  const merged = now.mergeCommit;
  const isThere = merged !== undefined && (await fetchCommit(clone, merged, context.signal));
  return { kind: "merged", commit: isThere ? merged : tip, details };
}
