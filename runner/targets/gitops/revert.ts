import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { parseReference } from "../../registry/reference.ts";
import { ChangedSincePlan } from "../changed-since-plan.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { inspectGitops } from "./inspect.ts";
import { exactReference, referencesAt, viewPlaces, writtenImage } from "./places.ts";
import type { TargetToWrite } from "./repository/edits.ts";
import { queueWrite } from "./repository/queue.ts";
import type { GitopsApplied, GitopsPlan } from "./state.ts";

/**
 * Puts the manifests back to what they named before our commit, with a commit of its own. Where somebody else
 * has set another image since, theirs stays.
 */
export async function revertGitops(
  plan: GitopsPlan,
  applied: GitopsApplied,
  context: TargetContext,
  now: () => number,
): Promise<TargetOutcome> {
  const { service, title, target, changes } = plan;
  if (target.deliver === "pull-request") {
    const { revertProposal } = await import("./propose/revert.ts");
    return revertProposal(plan, applied, context, now);
  }
  const startedAt = now();
  const about = { service, title, kind: "gitops" as const };
  const ours = changes.find(({ field }) => field === "image")?.after;
  const request = {
    targets: [toRestore(plan, applied)],
    stack: context.release?.stack,
    why: "put back",
  } as const;
  const [written] = await queueWrite(applied.remote, request, context.signal);
  const milliseconds = now() - startedAt;
  if (written?.kind === "done") {
    const [before] = applied.before;
    const running =
      before?.reference === undefined
        ? {}
        : { running: exactReference(before.reference, plan.state.resolved) };
    const message = written.changed
      ? `${target.branch} names the image of before again, by commit ${written.commit.slice(0, 7)}`
      : `${target.branch} names the image of before`;
    const details = { commit: written.commit, branch: target.branch };
    return { ...about, outcome: "rolled back", message, ...running, milliseconds, details };
  }
  if (!(written?.error instanceof ChangedSincePlan)) throw written?.error;
  const running = await namedNow(target, context);
  if (running !== undefined && running !== ours) {
    const message = `someone else has set another image: it stays`;
    return { ...about, outcome: "rolled back", message, running, milliseconds };
  }
  const message = `the lines that commit ${applied.commit.slice(0, 7)} changed are different now`;
  const evidence = [`revert it by hand in ${applied.remote.name}: git revert ${applied.commit}`];
  return { ...about, outcome: "failed", message, ...(running && { running }), evidence, milliseconds };
}

export function toRestore({ title, service, target }: GitopsPlan, applied: GitopsApplied): TargetToWrite {
  const { before, texts, image } = applied;
  if (image === undefined) throw new Error(`${title} was not moved by this run`);
  const views = viewPlaces(target.files, texts, writtenImage(target, image));
  return {
    title,
    service,
    revision: undefined,
    places: target.files.map((place, index) => {
      const view = views[index];
      const reference = before[index]?.reference;
      const parsed = reference === undefined ? undefined : parseReference(reference);
      const { digest } = parsed ?? {};
      return {
        place,
        image: writtenImage(target, image),
        expected: undefined,
        restore: {
          reference,
          lines: view !== undefined && "lines" in view ? view.lines : [],
          image: parsed === undefined || digest === undefined ? undefined : { ...parsed, digest },
        },
      };
    }),
  };
}

async function namedNow(target: GitopsTarget, context: TargetContext): Promise<string | undefined> {
  const { texts, resolved } = await inspectGitops(target, context);
  const reference = referencesAt(target, texts).find((one) => one.reference !== undefined)?.reference;
  return reference === undefined ? undefined : exactReference(reference, resolved);
}
