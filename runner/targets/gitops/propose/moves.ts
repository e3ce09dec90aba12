import { referenceOf } from "../edit/change.ts";
import { exactReference } from "../places.ts";
import { openClone } from "../repository/clone.ts";
import { committed, type TargetToWrite } from "../repository/edits.ts";
import { commitMessage } from "../repository/message.ts";
import type { Remote } from "../repository/remote.ts";
import { forgetTip } from "../repository/tip.ts";
import type { GitopsMove } from "../state.ts";
import { type ProposedImage, proposalBranch, proposalKey, proposalText } from "./body.ts";
import { openForge, tokenNote } from "./open.ts";
import { type Proposed, proposeImages } from "./propose.ts";

/**
 * Proposes the images of several targets of one branch by one pull request.
 *
 * @param targets what to write for each move
 */
export async function proposeMoves(
  moves: readonly GitopsMove[],
  remote: Remote,
  targets: readonly TargetToWrite[],
): Promise<Proposed> {
  const [first] = moves;
  if (first === undefined) throw new Error("no target to propose");
  const { target } = first.plan;
  const { signal, release } = first.context;
  const [clone, forge] = await Promise.all([openClone(remote), openForge(target, signal)]);
  const stack = release?.stack;
  const imagesOf = (changed: readonly TargetToWrite[]) =>
    Promise.all(
      moves.flatMap((move, index) => {
        const written = targets[index];
        return written !== undefined && changed.includes(written) ? [imageOf(move, written)] : [];
      }),
    );
  const request = {
    targets,
    stack,
    why: "deploy" as const,
    head: proposalBranch(stack ?? "stack", targets),
    labels: target.pullRequest?.labels ?? [],
    reviewers: target.pullRequest?.reviewers ?? [],
    key: (changed: readonly TargetToWrite[]) =>
      proposalKey(changed.map((one) => ({ title: one.title, reference: referenceIn(one) }))),
    text: async (changed: readonly TargetToWrite[]) => {
      const title = commitMessage(changed.map(committed), stack, "deploy").split("\n")[0] ?? "Deploy";
      const note = tokenNote(target, process.env);
      return proposalText(await imagesOf(changed), stack ?? "stack", title, note);
    },
  };
  try {
    return await proposeImages(clone, forge, request, signal);
  } finally {
    forgetTip(remote);
  }
}

async function imageOf({ plan, context }: GitopsMove, written: TargetToWrite): Promise<ProposedImage> {
  const { service, title, gates = [] } = plan;
  const expected = written.places[0]?.expected;
  const before = expected === undefined ? undefined : exactReference(expected, plan.state.resolved);
  const changes = await context.release?.changesSince?.(before);
  return {
    service,
    title,
    before,
    reference: referenceIn(written),
    revision: written.revision,
    changes,
    gates,
  };
}

function referenceIn({ title, places }: TargetToWrite): string {
  const image = places[0]?.image;
  if (image === undefined) throw new Error(`${title} has no place to write`);
  return exactReference(referenceOf(image));
}
