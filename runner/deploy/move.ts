import pMap from "p-map";
import { UserError } from "../../config/errors.ts";
import type { Image } from "../registry/image.ts";
import { runStep } from "../report/events.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import type { Session } from "./session.ts";

/** A target's plan, and the image that it is moved to. */
export interface Move {
  readonly plan: TargetPlan;
  readonly image: Image;
}

/**
 * Moves targets, some at a time, and follows each to its end. One that fails does not keep others
 * from theirs; once the run is interrupted no further one is begun.
 *
 * @param step step that they are shown under
 * @returns an outcome for each move, in their order
 */
export function moveTargets(
  session: Session,
  moves: readonly Move[],
  step: string,
): Promise<readonly TargetOutcome[]> {
  return pMap(moves, (move) => moveTarget(session, move, step), {
    concurrency: session.settings.deploy.parallelTargets,
  });
}

async function moveTarget(session: Session, { plan, image }: Move, step: string): Promise<TargetOutcome> {
  const { clients, emit, signal } = session;
  const { service, title, target } = plan;
  const base = { service, title, kind: target.kind };
  if (plan.action === "none") {
    return { ...base, outcome: "unchanged", message: "runs this image already", milliseconds: 0 };
  }
  if (signal.aborted) {
    return { ...base, outcome: "not started", message: "interrupted before it was begun", milliseconds: 0 };
  }
  const kind = kindOf(target);
  const id = `target ${title}`;
  const startedAt = performance.now();
  return runStep(emit, { id, title, parent: step }, async ({ conclude }) => {
    const context = { clients, emit, signal, step: id };
    let outcome: TargetOutcome;
    let applied = false;
    try {
      const change = await kind.apply(plan, image, context);
      applied = true;
      outcome = await kind.follow(plan, change, image, context);
    } catch (error) {
      outcome = {
        ...base,
        ...verdictOf(error, applied, signal),
        milliseconds: performance.now() - startedAt,
      };
    }
    conclude(stepOutcome(outcome), outcome.message);
    return outcome;
  });
}

/** What an exception means for a target. */
function verdictOf(
  error: unknown,
  applied: boolean,
  signal: AbortSignal,
): Pick<TargetOutcome, "outcome" | "message" | "evidence"> {
  if (signal.aborted) {
    const message = applied
      ? "interrupted while it was followed; the update goes on by itself"
      : "interrupted";
    return { outcome: "cancelled", message };
  }
  if (error instanceof UserError) {
    const [first = "failed", ...others] = error.message.split("\n");
    return { outcome: "failed", message: first, evidence: others };
  }
  // The other targets are followed to their end all the same; the stack is for whoever mends it.
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    outcome: "failed",
    message: `${name}: ${message}`,
    evidence: stack?.split("\n").slice(1, 6) ?? [],
  };
}

function stepOutcome({ outcome }: TargetOutcome) {
  switch (outcome) {
    case "done":
      return "done";
    case "unchanged":
    case "not started":
      return "skipped";
    case "cancelled":
      return "cancelled";
    case "failed":
    case "rolled back":
      return "failed";
  }
}
