import pMap from "p-map";
import { groupByOrder } from "./order.ts";
import { putBack } from "./put-back.ts";
import {
  type Gathering,
  type MovingSession,
  moveTarget,
  notStarted,
  type TargetMove,
  type TargetResult,
  unchanged,
} from "./target.ts";
import { gather, unitsOf } from "./together.ts";

/**
 * Moves targets in groups by their `order`, the members of a group in parallel, and follows each to its end.
 * A failure does not stop other members of its group. The next group starts only when every earlier one
 * succeeded. An interrupted run starts no further target.
 *
 * @param options.waitMerge see `TargetContext.waitMerge`
 * @param options.step step that they are shown under
 * @param options.allOrNothing when a target fails, or the run is interrupted, the run stops waiting and puts
 *   back what it has moved
 * @returns a result for each move, in their order
 */
export async function moveTargets(
  session: MovingSession,
  moves: readonly TargetMove[],
  options: { readonly step: string; readonly allOrNothing: boolean; readonly waitMerge?: boolean },
): Promise<readonly TargetResult[]> {
  const { step, allOrNothing, waitMerge = false } = options;
  // Aborted by the first failure when all or nothing is wanted: what moves is not worth waiting for then.
  const failure = new AbortController();
  const signal = allOrNothing ? AbortSignal.any([session.signal, failure.signal]) : session.signal;
  const context = { ...session, signal, waitMerge };
  const ended: TargetResult[] = [];

  for (const { members } of groupByOrder(moves, ({ plan }) => plan.target.order)) {
    const obstacle = obstacleOf(ended);
    const moveOne = async (move: TargetMove, gathering?: Gathering): Promise<TargetResult> => {
      if (move.plan.action === "none") return unchanged(move, "already runs this image");
      if (session.signal.aborted) return notStarted(move, "interrupted before the update started");
      if (obstacle !== undefined) return notStarted(move, obstacle.reason, obstacle.because);
      if (failure.signal.aborted) return notStarted(move, String(failure.signal.reason));
      const moved = await moveTarget(move, context, step, gathering);
      if (moved.outcome.outcome === "cancelled" && moved.applied === undefined && !session.signal.aborted) {
        return notStarted(move, String(failure.signal.reason));
      }
      if (isFailure(moved) && !failure.signal.aborted) failure.abort(reasonOf(moved));
      return moved;
    };
    const group = await pMap(unitsOf(members, session.directory), (unit) => gather(unit, moveOne), {
      concurrency: session.settings.deploy.parallelTargets,
    });
    ended.push(...group.flat());
  }

  const final = allOrNothing && ended.some(isFailure) ? await putBack(session, ended, step) : ended;
  const byTitle = new Map(final.map((result) => [result.move.plan.title, result]));
  return moves.map((move) => resultOf(byTitle, move));
}

function resultOf(byTitle: ReadonlyMap<string, TargetResult>, { plan }: TargetMove): TargetResult {
  const found = byTitle.get(plan.title);
  if (found === undefined) throw new Error(`${plan.title} has no outcome`);
  return found;
}

/** Whether the next group must not start because of this result. */
function isObstacle({ outcome }: TargetResult): boolean {
  return outcome.outcome !== "done" && outcome.outcome !== "unchanged";
}

/** Whether it keeps the others from staying, where all or nothing is wanted. A proposal is in no way a failure. */
function isFailure(result: TargetResult): boolean {
  const { outcome, because } = result.outcome;
  return isObstacle(result) && outcome !== "proposed" && because !== "proposed";
}

/** Why the next group does not start: `ecs shop/ui failed`; undefined when every target succeeded. */
function obstacleOf(
  ended: readonly TargetResult[],
): { readonly reason: string; readonly because: "proposed" | undefined } | undefined {
  const first =
    ended.find(({ outcome }) => outcome.outcome === "failed" || outcome.outcome === "rolled back") ??
    ended.find(isFailure) ??
    ended.find(isObstacle);
  if (first === undefined) return undefined;
  return { reason: reasonOf(first), because: isFailure(first) ? undefined : "proposed" };
}

function reasonOf({ outcome }: TargetResult): string {
  const { title, because } = outcome;
  if (outcome.outcome === "rolled back") return `${title} failed and was rolled back`;
  if (outcome.outcome === "not started") return `${title} was ${because ?? "not started"}`;
  if (outcome.outcome === "proposed") {
    return `${title} is proposed, not merged: run the command again after the merge`;
  }
  return `${title} ${outcome.outcome === "cancelled" ? "was stopped" : outcome.outcome}`;
}
