import pMap from "p-map";
import { groupByOrder } from "./order.ts";
import { putBack } from "./put-back.ts";
import {
  type MovingSession,
  moveTarget,
  notStarted,
  type TargetMove,
  type TargetResult,
  unchanged,
} from "./target.ts";

/**
 * Moves targets in groups by their `order`, the members of a group side by side, and follows each to
 * its end. One that fails does not keep others of its group from theirs; the next group is begun only
 * when all before it went well. Once the run is interrupted no further target is begun.
 *
 * @param options.step step that they are shown under
 * @param options.allOrNothing when one fails (or the run is interrupted), nothing more is waited for,
 *   and what this run has moved is put back
 * @returns a result for each move, in their order
 */
export async function moveTargets(
  session: MovingSession,
  moves: readonly TargetMove[],
  options: { readonly step: string; readonly allOrNothing: boolean },
): Promise<readonly TargetResult[]> {
  const { step, allOrNothing } = options;
  // Aborted by the first failure when all or nothing is wanted: what moves is not worth waiting for then.
  const failure = new AbortController();
  const signal = allOrNothing ? AbortSignal.any([session.signal, failure.signal]) : session.signal;
  const context = { ...session, signal };
  const ended: TargetResult[] = [];

  for (const { members } of groupByOrder(moves, ({ plan }) => plan.target.order)) {
    const obstacle = obstacleOf(ended);
    const group = await pMap(
      members,
      async (move): Promise<TargetResult> => {
        if (move.plan.action === "none") return unchanged(move, "runs this image already");
        if (session.signal.aborted) return notStarted(move, "interrupted before the update started");
        if (obstacle !== undefined) return notStarted(move, obstacle);
        if (failure.signal.aborted) return notStarted(move, String(failure.signal.reason));
        const moved = await moveTarget(move, context, step);
        if (moved.outcome.outcome === "cancelled" && moved.applied === undefined && !session.signal.aborted) {
          return notStarted(move, String(failure.signal.reason));
        }
        if (isObstacle(moved) && !failure.signal.aborted) failure.abort(reasonOf(moved));
        return moved;
      },
      { concurrency: session.settings.deploy.parallelTargets },
    );
    ended.push(...group);
  }

  const final = allOrNothing && ended.some(isObstacle) ? await putBack(session, ended, step) : ended;
  return moves.map((move) => resultOf(final, move));
}

function resultOf(ended: readonly TargetResult[], { plan }: TargetMove): TargetResult {
  const found = ended.find(({ move }) => move.plan.title === plan.title);
  if (found === undefined) throw new Error(`${plan.title} has no outcome`);
  return found;
}

/** Whether it keeps what comes after it from being begun. */
function isObstacle({ outcome }: TargetResult): boolean {
  return outcome.outcome !== "done" && outcome.outcome !== "unchanged";
}

/** Why the next group is not begun: `ecs shop/ui failed`; undefined when all went well. */
function obstacleOf(ended: readonly TargetResult[]): string | undefined {
  const first =
    ended.find(({ outcome }) => outcome.outcome === "failed" || outcome.outcome === "rolled back") ??
    ended.find(isObstacle);
  return first === undefined ? undefined : reasonOf(first);
}

function reasonOf({ outcome }: TargetResult): string {
  const { title, because } = outcome;
  if (outcome.outcome === "rolled back") return `${title} failed and was rolled back`;
  if (outcome.outcome === "not started") return `${title} was ${because ?? "not started"}`;
  return `${title} ${outcome.outcome === "cancelled" ? "was stopped" : outcome.outcome}`;
}
