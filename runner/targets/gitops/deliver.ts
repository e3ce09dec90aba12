import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { Image } from "../../registry/image.ts";
import { imageReference } from "../../registry/image.ts";
import { parseReference } from "../../registry/reference.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import type { Delivery, DeliveryEnd } from "./follow/delivery.ts";
import { followDelivery } from "./follow/follow.ts";
import { readFiles } from "./inspect.ts";
import { referencesAt } from "./places.ts";
import { fetchCommit } from "./repository/clone.ts";
import { isAncestor } from "./repository/push.ts";
import { remoteOf } from "./repository/remote.ts";
import { readTip } from "./repository/tip.ts";
import type { GitopsApplied, GitopsPlan } from "./state.ts";

/** Follows a commit to its end, and says how the target ended. */
export async function followGitops(
  plan: GitopsPlan,
  applied: GitopsApplied,
  image: Image,
  context: TargetContext,
  now: () => number,
): Promise<TargetOutcome> {
  const { service, target, title } = plan;
  const { commit, rounds, startedAt } = applied;
  const end = await followDelivery(deliveryOf(plan, applied, image, context), context);
  return {
    service,
    title,
    kind: "gitops",
    ...outcomeOfEnd(end),
    // What the branch names: a follower that failed says what runs.
    running: imageReference(image),
    milliseconds: now() - startedAt,
    details: { commit, branch: target.branch, ...(rounds > 1 ? { rounds } : {}) },
  };
}

/** What a follower is told of a commit. */
export function deliveryOf(
  { service, target }: Pick<GitopsPlan, "service" | "target">,
  { commit, remote, startedAt }: Pick<GitopsApplied, "commit" | "remote" | "startedAt">,
  image: Pick<Image, "registry" | "repository" | "digest">,
  context: Pick<TargetContext, "signal">,
): Delivery & { readonly follow: GitopsTarget["follow"] } {
  const holdsImage = async (revision: string) => {
    const { clone } = await readTip(remote, context.signal);
    if (!(await fetchCommit(clone, revision, context.signal))) return false;
    const { texts, problems } = await readFiles({ clone, commit: revision }, target);
    if (problems.length > 0) return false;
    return referencesAt(target, texts).every(
      ({ reference: named }) => named?.endsWith(`@${image.digest}`) === true,
    );
  };
  const comesAfter = async (revision: string) => {
    const { clone } = await readTip(remote, context.signal);
    return (await fetchCommit(clone, revision, context.signal)) && isAncestor(clone, commit, revision);
  };
  return {
    follow: target.follow,
    service,
    repository: target.repository,
    branch: target.branch,
    commit,
    digest: image.digest,
    reference: `${image.registry}/${image.repository}@${image.digest}`,
    startedAt,
    holdsImage,
    comesAfter,
  };
}

/** What a follower is told of the image that the branch names now; undefined when that has no digest. */
export async function deliveryNow(
  service: string,
  target: GitopsTarget,
  running: string,
  context: TargetContext,
): Promise<Delivery | undefined> {
  const { registry, repository, digest } = parseReference(running) ?? {};
  if (registry === undefined || repository === undefined || digest === undefined) return undefined;
  const remote = remoteOf(target, context.directory);
  const { commit } = await readTip(remote, context.signal);
  const applied = { remote, commit, startedAt: Date.now() };
  return deliveryOf({ service, target }, applied, { registry, repository, digest }, context);
}

/** How a delivery ended, as an outcome. */
export function outcomeOfEnd(
  end: DeliveryEnd,
): Pick<TargetOutcome, "outcome" | "message" | "evidence" | "hint"> {
  return {
    ...verdictOf(end),
    ...(end.evidence.length === 0 ? {} : { evidence: end.evidence }),
    ...(end.hint === undefined ? {} : { hint: end.hint }),
  };
}

function verdictOf({ verdict, message }: DeliveryEnd): Pick<TargetOutcome, "outcome" | "message"> {
  switch (verdict) {
    case "running":
    case "committed":
      return { outcome: "done", message };
    case "cancelled":
      return { outcome: "cancelled", message };
    case "paused":
    case "failed":
    case "overtaken":
    case "timed out":
      return { outcome: "failed", message };
  }
}
