import type { PlannedImage } from "../registry/image.ts";
import type { Gate } from "../targets/gate.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetContext, TargetImage, TargetPlan } from "../targets/target.ts";

/**
 * Adds the results of the kind's checks to a plan: a failed check is a problem, a check that could not be made
 * is a note. A target that stays as it is needs no checks.
 */
export async function withChecks(
  plan: TargetPlan,
  image: TargetImage<PlannedImage>,
  registry: string,
  context: TargetContext,
): Promise<TargetPlan> {
  if (plan.action === "none" || plan.problems.length > 0) return plan;
  const { target, state, reuse } = plan;
  const checks = await kindOf(target).verify(target, state, { image, reuse, registry }, context);
  const left = checks.filter(({ state }) => state === "not checked");
  const preFlight: Gate = {
    gate: "pre-flight",
    verdict: "passed",
    message: `${checks.length - left.length} checks passed${left.length === 0 ? "" : `, skipped: ${left.map(({ name }) => name).join(", ")}`}`,
  };
  return {
    ...plan,
    gates: [...(plan.gates ?? []), preFlight],
    problems: checks
      .filter(({ state }) => state === "fail")
      .map(({ name, message, fix }) => ({
        code: "check-failed",
        where: plan.title,
        key: name,
        message,
        ...(fix === undefined ? {} : { fix }),
      })),
    notes: [...plan.notes, ...left.map(({ name, message }) => `${name}: ${message}`)],
  };
}
