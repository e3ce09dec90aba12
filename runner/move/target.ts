import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Target } from "../../config/targets/target.ts";
import { hasCode } from "../aws/errors.ts";
import { type NewestWins, refuseOlderNow } from "../plan/newest-wins.ts";
import { planTarget } from "../plan/targets.ts";
import { type Emit, runStep, type StepOutcome } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { ChangedSincePlan } from "../targets/changed-since-plan.ts";
import { withHint } from "../targets/hints.ts";
import { kindOf } from "../targets/kinds.ts";
import type {
  PlannedMove,
  TargetContext,
  TargetImage,
  TargetOutcome,
  TargetPlan,
} from "../targets/target.ts";
import { changesSince } from "./changes.ts";

/** The parts of a session that moving uses. */
export type MovingSession = Pick<
  Session,
  "clients" | "emit" | "signal" | "settings" | "registry" | "directory"
> & {
  /** See `TargetContext.waitMerge`. */
  readonly waitMerge?: boolean;
};

/** A target's plan, and its new image. */
export interface TargetMove {
  readonly plan: TargetPlan;
  readonly image: TargetImage;
  /** The commit of the image's source, when it is known. */
  readonly commit?: string | undefined;
  /** Asked again when somebody else has changed the target; undefined where no commit is too old. */
  readonly newestWins?: NewestWins | undefined;
}

/** The result of a target's move, and what a rollback of it needs. */
export interface TargetResult {
  /** As it was carried out: planned again where somebody else had changed the target. */
  readonly move: TargetMove;
  readonly outcome: TargetOutcome;
  /** What the kind's `apply` returned; undefined when nothing was changed, as far as is known. */
  readonly applied: unknown;
}

/** Applies targets that start together: with one call when all that are to be applied have asked. */
export interface Gathering {
  /** What the kind's `apply` returns for the target. */
  apply(move: PlannedMove<Target, unknown>): Promise<unknown>;
}

/** How often a target is planned again that others keep changing. */
const maximumPlans = 5;

/**
 * Moves one target and follows it to its end. A failure is its outcome, not an exception.
 *
 * @param step step that it is shown under
 * @param gathering what applies it together with others; undefined: it is applied by itself
 */
export async function moveTarget(
  move: TargetMove,
  session: MovingSession,
  step: string,
  gathering?: Gathering,
): Promise<TargetResult> {
  const { plan } = move;
  if (plan.action === "none") return unchanged(move, "already runs this image");
  const { directory, clients, emit, signal, settings, waitMerge = false } = session;
  const id = `target ${plan.title}`;
  const release = {
    stack: settings.stack,
    commit: move.commit,
    changesSince: (before: string | undefined) => changesSince(session, move, before),
  };
  const context: TargetContext = { directory, clients, emit, signal, step: id, release, waitMerge };
  return targetStep(emit, { id, title: plan.title, parent: step }, async () => {
    const startedAt = performance.now();
    const kind = kindOf(plan.target);
    let current = move;
    let applied: unknown;
    try {
      for (let plans = 1; ; plans++) {
        current = await asItIsNow(current, session, context);
        const obstacles = current.plan.problems;
        const [newer] = obstacles.filter(({ code }) => code === "superseded");
        if (newer !== undefined) return overtaken(current, newer.message);
        if (obstacles.length > 0) throw new UserError(obstacles, { exitCode: 1 });
        if (current.plan.action === "none")
          return unchanged(current, "another run has already moved it to this image");
        if (current.plan.action === "prove") return await prove(current, context);
        const planned = { plan: current.plan, image: move.image, context };
        try {
          applied = await (gathering?.apply(planned) ?? kind.apply(current.plan, move.image, context));
          break;
        } catch (error) {
          if (!(error instanceof ChangedSincePlan)) throw error;
          if (plans >= maximumPlans) throw keepsChanging(current);
        }
      }
      const outcome = await kind.follow(current.plan, applied, move.image, context);
      return { move: current, outcome: withHint(outcome, kind.hints), applied };
    } catch (error) {
      const verdict = verdictOf(error, { applied: applied !== undefined });
      const milliseconds = performance.now() - startedAt;
      const outcome = withHint({ ...baseOf(plan), ...verdict, milliseconds }, kind.hints);
      return { move: current, outcome, applied };
    }
  });
}

/**
 * Follows a target again that already runs its image. The run does not change it, and so does not put it back
 * when it fails.
 */
async function prove(move: TargetMove, context: TargetContext): Promise<TargetResult> {
  const { plan, image } = move;
  const kind = kindOf(plan.target);
  const resumed = kind.resume(plan);
  if (resumed === undefined) return unchanged(move, "already runs this image");
  const outcome = withHint(await kind.follow(plan, resumed, image, context), kind.hints);
  if (outcome.outcome !== "done") return { move, outcome, applied: undefined };
  const message = `already runs this image; verified again: ${outcome.message}`;
  return { move, outcome: { ...outcome, outcome: "unchanged", message }, applied: undefined };
}

/**
 * The move, planned again when somebody else has moved the target since it was planned: our lock does not
 * hold other machines, and targets of a later order are moved minutes after they were planned.
 */
async function asItIsNow(
  move: TargetMove,
  session: MovingSession,
  context: TargetContext,
): Promise<TargetMove> {
  const { plan, image } = move;
  const kind = kindOf(plan.target);
  if (await kind.isAsPlanned(plan, context)) return move;
  context.emit({
    kind: "step-log",
    id: context.step,
    line: "another deployment changed this target after the plan; planning again",
  });
  const { service, target, reuse } = plan;
  const { registry } = session;
  const [now, newestWins] = await Promise.all([
    planTarget(service, target, image, context, { registry, reuse }),
    move.newestWins && refuseOlderNow(session, move.newestWins, { service, repository: image.repository }),
  ]);
  const problems = [...now.problems, ...(newestWins?.problems ?? [])];
  return { ...move, newestWins, plan: { ...now, problems } };
}

function keepsChanging({ plan }: TargetMove): UserError {
  return new UserError(
    {
      code: "target-keeps-changing",
      where: plan.title,
      message: `somebody else changed the target each time that Slipway had planned it, ${maximumPlans} times in a row`,
      fix: "wait until the other deployments are over, and run the command again",
    },
    { exitCode: 1 },
  );
}

/** The outcome of a target that does not change. */
export function unchanged(move: TargetMove, message: string): TargetResult {
  const outcome = { ...baseOf(move.plan), outcome: "unchanged" as const, message, milliseconds: 0 };
  return { move, outcome, applied: undefined };
}

/** The outcome of a target that was not started, and why. */
export function notStarted(move: TargetMove, message: string, because?: "proposed"): TargetResult {
  const about = { ...baseOf(move.plan), outcome: "not started" as const, message, milliseconds: 0 };
  const outcome = because === undefined ? about : { ...about, because };
  return { move, outcome, applied: undefined };
}

/** The outcome of a target that was not started because a newer commit is already deployed. */
function overtaken(move: TargetMove, message: string): TargetResult {
  const moved = notStarted(move, message);
  return { ...moved, outcome: { ...moved.outcome, because: "superseded" } };
}

/** Runs work on a target as a step that ends as the target does. */
function targetStep(
  emit: Emit,
  step: { readonly id: string; readonly title: string; readonly parent: string },
  work: () => Promise<TargetResult>,
): Promise<TargetResult> {
  return runStep(emit, step, async ({ conclude }) => {
    const moved = await work();
    conclude(stepOutcome(moved.outcome), moved.outcome.message);
    return moved;
  });
}

export function baseOf({ service, title, target }: TargetPlan) {
  return { service, title, kind: target.kind };
}

/** The outcome of a target for an exception. */
export function verdictOf(
  error: unknown,
  state: { readonly applied: boolean },
): Pick<TargetOutcome, "outcome" | "message" | "evidence" | "gates"> {
  if (hasCode(error, "one-off-stopped")) return { outcome: "cancelled", message: error.message };
  if (isAbort(error)) {
    const message = state.applied
      ? "interrupted while Slipway followed the update, which continues by itself"
      : "interrupted before the update started";
    return { outcome: "cancelled", message };
  }
  const goesOn = state.applied
    ? ["the update has started and continues by itself; check it with slipway status"]
    : hasCode(error, "unreachable")
      ? [
          "Slipway can't tell whether the update started; check with slipway status, or run the command again to finish it",
        ]
      : [];
  if (error instanceof UserError) {
    const [first = "failed", ...others] = error.message.split("\n");
    const evidence = [...others, ...goesOn];
    if (!hasCode(error, "one-off-failed")) return { outcome: "failed", message: first, evidence };
    const gates = [{ gate: "one-off task", verdict: "failed", message: first }] as const;
    return { outcome: "failed", message: first, evidence, gates };
  }
  // The other targets are followed to their end all the same; the stack is for whoever mends it.
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    outcome: "failed",
    message: `${name}: ${message}`,
    evidence: [...(stack?.split("\n").slice(1, 6) ?? []), ...goesOn],
  };
}

/** The message of a step for a target's outcome. */
export function stepOutcome({ outcome }: TargetOutcome): StepOutcome {
  switch (outcome) {
    case "done":
    case "proposed":
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
