import { UserError } from "../../../config/problems/errors.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import type { PlannedMove } from "../target.ts";
import { referencesAt, writtenImage } from "./places.ts";
import { queueWrite } from "./repository/queue.ts";
import type { Remote } from "./repository/remote.ts";
import type { TargetToWrite, Written } from "./repository/write.ts";
import type { GitopsApplied, GitopsState } from "./state.ts";

type GitopsMove = PlannedMove<GitopsTarget, GitopsState>;

/** Commits the images of several targets of one branch together. */
export async function applyGitops(
  moves: readonly GitopsMove[],
  now: () => number,
): Promise<readonly PromiseSettledResult<GitopsApplied>[]> {
  const [first] = moves;
  if (first === undefined) return [];
  const { remote } = first.plan.state;
  const startedAt = now();
  const request = {
    targets: moves.map(toWrite),
    stack: first.context.release?.stack,
    why: "deploy",
  } as const;
  const written = await queueWrite(remote, request, first.context.signal);
  return moves.map((move, index) => settledOf(move, remote, written[index], startedAt));
}

function toWrite({ plan, image, context }: GitopsMove): TargetToWrite {
  const { target, title, service, state } = plan;
  const references = referencesAt(target, state.texts);
  return {
    title,
    service,
    revision: context.release?.commit,
    places: target.files.map((place, index) => ({
      place,
      image: writtenImage(target, image),
      expected: references[index]?.reference,
    })),
  };
}

function settledOf(
  { plan, image }: GitopsMove,
  remote: Remote,
  written: Written | undefined,
  startedAt: number,
): PromiseSettledResult<GitopsApplied> {
  if (written === undefined) throw new Error(`${plan.title} was not written`);
  if (written.kind === "failed") return { status: "rejected", reason: asFailure(written.error) };
  const { target, state } = plan;
  const before = referencesAt(target, state.texts).map(({ place, reference }) => ({ place, reference }));
  const { commit, rounds } = written;
  return {
    status: "fulfilled",
    value: { remote, commit, rounds, image, before, texts: state.texts, startedAt },
  };
}

/** A problem of a file that appeared after the plan: the run has begun, so that it ends with 1. */
function asFailure(error: unknown): unknown {
  return error instanceof UserError ? new UserError(error.problems, { exitCode: 1, cause: error }) : error;
}
