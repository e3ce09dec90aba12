import type { TargetContext, TargetOutcome } from "../../target.ts";
import { exactReference } from "../places.ts";
import { deleteBranch } from "../repository/branch.ts";
import { openClone } from "../repository/clone.ts";
import { forgetTip } from "../repository/tip.ts";
import type { GitopsApplied, GitopsPlan } from "../state.ts";
import { withdrawnBody } from "./body.ts";
import { openForge } from "./open.ts";

/**
 * Takes a proposal back: closes its pull request and deletes its branch. What people have merged already is
 * theirs to revert: Slipway says how, and pushes nothing to a branch that is changed by pull requests.
 */
export async function revertProposal(
  { service, title, target, state }: GitopsPlan,
  { proposal, remote, before, commit }: GitopsApplied,
  { signal, release }: TargetContext,
  now: () => number,
): Promise<TargetOutcome> {
  const startedAt = now();
  const named = before.find(({ reference }) => reference !== undefined)?.reference;
  const running = named === undefined ? {} : { running: exactReference(named, state.resolved) };
  const about = { service, title, kind: "gitops" as const, ...running };
  if (proposal === undefined) {
    const message = `${target.branch} had the image before this run`;
    return { ...about, outcome: "failed", message, milliseconds: now() - startedAt };
  }
  const forge = await openForge(target, signal);
  const { number, url, head } = proposal.pullRequest;
  const name = `${proposal.noun} #${number}`;
  const latest = await forge.get(number);
  const details = { pullRequest: number, url, branch: target.branch };
  const milliseconds = () => now() - startedAt;
  if (latest.state === "merged") {
    const { running: _before, ...rest } = about;
    const message = `${name} was merged, and only another one can take it back`;
    const evidence = [
      `slipway rollback ${service} --stack ${release?.stack ?? "STACK"} proposes the image of before`,
    ];
    return { ...rest, outcome: "failed", message, evidence, details, milliseconds: milliseconds() };
  }
  if (latest.state === "open") {
    await forge.close(number, { body: withdrawnBody(latest.body, "another target of the run failed") });
  }
  await deleteBranch(await openClone(remote), head, commit);
  forgetTip(remote);
  const message = `${name} is closed; ${target.branch} was not changed`;
  return { ...about, outcome: "rolled back", message, details, milliseconds: milliseconds() };
}
