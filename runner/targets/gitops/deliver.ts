import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { Image } from "../../registry/image.ts";
import { imageReference } from "../../registry/image.ts";
import { parseReference } from "../../registry/reference.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { referenceOf } from "./edit/change.ts";
import type { Delivery, DeliveryEnd } from "./follow/delivery.ts";
import { followDelivery } from "./follow/follow.ts";
import { readFiles } from "./inspect.ts";
import { exactReference, referencesAt, writtenImage } from "./places.ts";
import { followProposal } from "./propose/follow.ts";
import { fetchCommit } from "./repository/clone.ts";
import { isAncestor } from "./repository/push.ts";
import { remoteOf } from "./repository/remote.ts";
import { forgetTip, readTip } from "./repository/tip.ts";
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
  const { rounds, startedAt, proposal } = applied;
  const about = { service, title, kind: "gitops" as const };
  const ended = proposal && (await followProposal(target, applied, proposal, context));
  if (ended?.kind === "ended") {
    const named = applied.before.find(({ reference }) => reference !== undefined)?.reference;
    const running = named === undefined ? {} : { running: exactReference(named, plan.state.resolved) };
    return { ...about, ...withSignature(ended.end, applied), ...running, milliseconds: now() - startedAt };
  }
  if (ended !== undefined) forgetTip(applied.remote);
  // A follower's time begins with the merge.
  const commit = ended?.commit ?? applied.commit;
  const there = ended === undefined ? applied : { ...applied, commit, startedAt: now() };
  const delivery = deliveryOf(plan, there, image, asWritten(target, image), context);
  const details = {
    commit,
    branch: target.branch,
    ...(rounds > 1 ? { rounds } : {}),
    ...(ended === undefined ? {} : { pullRequest: ended.details.pullRequest ?? 0 }),
  };
  if (ended !== undefined && !(await delivery.holdsImage(commit))) {
    const message = `merged by ${commit.slice(0, 7)}, which names another image than the one that was proposed`;
    return { ...about, outcome: "failed", message, milliseconds: now() - startedAt, details };
  }
  const end = await followDelivery(delivery, context);
  return {
    ...about,
    ...withSignature({ ...outcomeOfEnd(end), details }, ended === undefined ? applied : {}),
    // What the branch names: a follower that failed says what runs.
    running: imageReference(image),
    milliseconds: now() - startedAt,
  };
}

/** With what GitHub says of the signature of a commit that it made. */
function withSignature<T extends Pick<TargetOutcome, "message" | "details">>(
  end: T,
  { isVerified }: Pick<GitopsApplied, "isVerified">,
): T {
  if (isVerified === undefined) return end;
  const details = { ...end.details, signature: isVerified ? "verified" : "not verified" };
  return { ...end, details, ...(isVerified ? {} : { message: `${end.message ?? ""}; ${notSigned}` }) };
}

const notSigned = "GitHub did not sign the commit: it signs those that a GitHub App makes";

/** A reference by tag alone where the target is written so, and else by digest. */
function asWritten(target: GitopsTarget, image: Image): string {
  const written = writtenImage(target, image);
  return written.isTagOnly === true ? referenceOf(written) : imageReference(image);
}

/** What a follower is told of a commit. */
export function deliveryOf(
  { service, target }: Pick<GitopsPlan, "service" | "target">,
  { commit, remote, startedAt }: Pick<GitopsApplied, "commit" | "remote" | "startedAt">,
  image: Pick<Image, "registry" | "repository" | "digest">,
  /** The image as the manifests name it. */
  written: string,
  context: Pick<TargetContext, "signal">,
): Delivery & { readonly follow: GitopsTarget["follow"] } {
  const holdsImage = async (revision: string) => {
    const { clone } = await readTip(remote, context.signal);
    if (!(await fetchCommit(clone, revision, context.signal))) return false;
    const { texts, problems } = await readFiles({ clone, commit: revision }, target);
    if (problems.length > 0) return false;
    return referencesAt(target, texts).every(
      ({ reference: named }) => named === written || named?.endsWith(`@${image.digest}`) === true,
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
    reference: written,
    startedAt,
    holdsImage,
    comesAfter,
  };
}

/**
 * What a follower is told of the image that the branch names now; undefined when that has no digest.
 *
 * @param running reference by digest
 */
export async function deliveryNow(
  service: string,
  target: GitopsTarget,
  running: string,
  context: TargetContext,
): Promise<Delivery | undefined> {
  const { registry, repository, digest } = parseReference(running) ?? {};
  if (registry === undefined || repository === undefined || digest === undefined) return undefined;
  const remote = remoteOf(target, context.directory);
  const tip = await readTip(remote, context.signal);
  const { commit } = tip;
  const { texts } = target.write === "tag" ? await readFiles(tip, target) : { texts: new Map() };
  const written = referencesAt(target, texts).find(({ reference }) => reference !== undefined)?.reference;
  const applied = { remote, commit, startedAt: Date.now() };
  return deliveryOf(
    { service, target },
    applied,
    { registry, repository, digest },
    written ?? running,
    context,
  );
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
