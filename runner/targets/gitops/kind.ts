import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { type Clock, systemClock } from "../poll.ts";
import type { TargetKind } from "../target.ts";
import { applyGitops } from "./apply.ts";
import { followGitops } from "./deliver.ts";
import { gitopsHints } from "./hints.ts";
import { imagesInGitops } from "./in-use.ts";
import { inspectGitops, isGitopsAsPlanned } from "./inspect.ts";
import { gitopsImageChange, gitopsTitle, planGitops } from "./plan.ts";
import { remoteOf } from "./repository/remote.ts";
import { revertGitops } from "./revert.ts";
import type { GitopsApplied, GitopsState } from "./state.ts";
import { statusOfGitops } from "./status.ts";
import { verifyGitops } from "./verify.ts";
import { waitForGitops } from "./wait.ts";

/** Manifests in git repositories: one scalar of a file, one commit of a run for each branch. */
export const gitopsKind = createGitopsKind(systemClock);

/** @param clock time; tests bring their own */
export function createGitopsKind(clock: Clock): TargetKind<GitopsTarget, GitopsState, GitopsApplied> {
  const now = () => clock.now();
  return {
    kind: "gitops",
    title: gitopsTitle,
    hints: gitopsHints,
    imageFor: (_target, image) => image,
    withoutPreparations: (target) => target,
    inspect: inspectGitops,
    plan: planGitops,
    imageChange: gitopsImageChange,
    verify: (target, state, _verification, context) => verifyGitops(target, state, context),
    isAsPlanned: isGitopsAsPlanned,
    async apply(plan, image, context) {
      const [result] = await applyGitops([{ plan, image, context }], now);
      if (result?.status === "fulfilled") return result.value;
      throw result?.reason;
    },
    together: {
      key: (target, directory) => {
        const { cache, key } = remoteOf(target, directory);
        return `${cache} ${key} ${target.deliver} ${target.commit}`;
      },
      apply: (moves) => applyGitops(moves, now),
    },
    // The commit is there, and what applies it may not be through.
    resume: ({ target, state: { remote, commit, texts } }) =>
      commit === undefined || target.follow === "none"
        ? undefined
        : { remote, commit, rounds: 1, before: [], texts, startedAt: clock.now() },
    follow: (plan, applied, image, context) => followGitops(plan, applied, image, context, now),
    revert: (plan, applied, context) => revertGitops(plan, applied, context, now),
    status: statusOfGitops,
    // A rollback sets the image with a commit of its own: nothing of the old one is reused.
    reusable: () => undefined,
    logs: async (service, target) => [
      {
        service,
        title: gitopsTitle(target),
        kind: "gitops",
        place: "elsewhere",
        description: "the cluster has the logs: kubectl logs",
      },
    ],
    // AWS is not asked.
    probe: () => undefined,
    inUse: (context, targets) => imagesInGitops(context, targets),
    live: async () => [],
    // Only init asks.
    nearby: async (request) => (await import("./discover/nearby.ts")).gitopsNearby(request),
    wait: (service, target, _registry, context) => waitForGitops(service, target, context),
  };
}
