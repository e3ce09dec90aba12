import pMap from "p-map";
import { runStep } from "../report/events.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetContext, TargetOutcome } from "../targets/target.ts";
import { groupByOrder } from "./order.ts";
import { baseOf, type MovingSession, type TargetResult, verdictOf } from "./target.ts";

/**
 * Puts back what a run has moved, including targets that failed half-way: the groups in reverse order, the
 * members of each in parallel. An interrupted run finishes this; a second Ctrl-C ends the process.
 *
 * @returns the results after putting back; results that changed nothing stay as they were
 */
export async function putBack(
  session: MovingSession,
  ended: readonly TargetResult[],
  step: string,
): Promise<readonly TargetResult[]> {
  // The session's own clients make no more calls once it is interrupted.
  const clients = session.signal.aborted ? session.clients.uninterruptible : session.clients;
  const { directory, emit, settings } = session;
  const release = { stack: settings.stack };
  const context = { directory, clients, emit, signal: new AbortController().signal, release };
  const cause = causeOf(ended);
  const final: TargetResult[] = [];
  const groups = groupByOrder(ended, ({ move }) => move.plan.target.order);
  for (const { members } of groups.toReversed()) {
    const group = await pMap(
      members,
      (moved) => (isMoved(moved) ? putOneBack(moved, { ...context, step }, cause) : moved),
      { concurrency: session.settings.deploy.parallelTargets },
    );
    final.push(...group);
  }
  return final;
}

/** Whether there is something to put back. */
function isMoved({ applied, outcome }: TargetResult): boolean {
  return applied !== undefined && outcome.outcome !== "rolled back";
}

function putOneBack(moved: TargetResult, context: TargetContext, cause: string): Promise<TargetResult> {
  const { plan } = moved.move;
  const id = `put back ${plan.title}`;
  const step = { id, title: `Roll back ${plan.title}`, parent: context.step };
  return runStep(context.emit, step, async ({ conclude }) => {
    const startedAt = performance.now();
    let reverted: TargetOutcome;
    try {
      reverted = await kindOf(plan.target).revert(plan, moved.applied, { ...context, step: id });
    } catch (error) {
      const verdict = verdictOf(error, { applied: false });
      reverted = { ...baseOf(plan), ...verdict, milliseconds: performance.now() - startedAt };
    }
    conclude(reverted.outcome === "rolled back" ? "done" : "failed", reverted.message);
    return { ...moved, outcome: afterPuttingBack(moved.outcome, reverted, cause) };
  });
}

/**
 * The outcome of a target after the attempt to put it back. A target that failed by itself still says so.
 *
 * @param before how its move ended
 * @param reverted how putting it back ended
 * @param cause why: `ecs shop/ui failed`
 */
export function afterPuttingBack(
  before: TargetOutcome,
  reverted: TargetOutcome,
  cause: string,
): TargetOutcome {
  const milliseconds = before.milliseconds + reverted.milliseconds;
  const { running: _before, ...rest } = before;
  const running = reverted.running === undefined ? {} : { running: reverted.running };
  if (reverted.outcome !== "rolled back") {
    return {
      ...rest,
      ...running,
      outcome: "failed",
      message: `rollback failed: ${reverted.message}`,
      evidence: [
        ...(before.outcome === "failed" ? [before.message, ...(before.evidence ?? [])] : []),
        ...(reverted.evidence ?? []),
        `the target may still run the new image; check with slipway status ${before.service}, and retry with slipway rollback ${before.service}`,
      ],
      milliseconds,
    };
  }
  if (before.outcome === "failed") {
    return { ...rest, ...running, message: `${before.message}; ${reverted.message}`, milliseconds };
  }
  const { evidence: _followed, ...others } = rest;
  return {
    ...others,
    ...running,
    outcome: "rolled back",
    message: `${reverted.message} because ${cause}`,
    ...(reverted.details === undefined ? {} : { details: reverted.details }),
    milliseconds,
  };
}

/** Why everything is put back. */
function causeOf(ended: readonly TargetResult[]): string {
  const failed = ended.find(
    ({ outcome }) => outcome.outcome === "failed" || outcome.outcome === "rolled back",
  );
  return failed === undefined ? "the run was interrupted" : `${failed.outcome.title} failed`;
}
