import type { LambdaTarget } from "../../../config/catalogue.ts";
import { explainRefusal } from "../../aws/errors.ts";
import { imageReference } from "../../registry/image.ts";
import { type Clock, systemClock } from "../poll.ts";
import type { TargetContext, TargetKind, TargetOutcome, TargetPlan } from "../target.ts";
import { followLambda, type LambdaApplied } from "./follow.ts";
import { getAlias } from "./function.ts";
import { imagesInLambda } from "./in-use.ts";
import { inspectLambda, isLambdaAsPlanned } from "./inspect.ts";
import { logsOfLambda } from "./logs.ts";
import { architectureOf, lambdaTitle, manifestFor, planLambda } from "./plan.ts";
import { provision } from "./provisioned.ts";
import { moveAlias } from "./release.ts";
import type { LambdaState } from "./state.ts";
import { statusOfLambda } from "./status.ts";
import { waitForLambda } from "./under-way.ts";
import { assertManifest, createFunction, updateCode } from "./update.ts";
import { verifyLambda } from "./verify.ts";
import { versionLeft, versionsOf } from "./versions.ts";
import { renew, updateOf } from "./wait.ts";

export type { LambdaApplied } from "./follow.ts";

/** Lambda functions: code by one platform's digest, a version for each image, the alias moved last. */
export const lambdaKind = createLambdaKind(systemClock);

/** @param clock time; tests bring their own */
export function createLambdaKind(clock: Clock): TargetKind<LambdaTarget, LambdaState, LambdaApplied> {
  return {
    kind: "lambda",
    title: lambdaTitle,
    inspect: inspectLambda,
    plan: planLambda,
    verify: verifyLambda,
    status: statusOfLambda,
    logs: logsOfLambda,
    inUse: imagesInLambda,
    wait: (service, target, _registry, context) => waitForLambda(service, target, context, clock),
    isAsPlanned: isLambdaAsPlanned,

    async apply(plan, image, context) {
      const target = targetOf(plan);
      const startedAt = clock.now();
      const architecture = architectureOf(target, plan.state);
      const digest = manifestFor(image, architecture);
      if (digest === undefined) throw new Error(`no plan to apply for ${plan.title}`);
      await assertManifest(context.clients, image, digest, architecture, context.signal);
      const update = updateOf(target, context, clock, startedAt);
      const reference = imageReference(image, digest);
      const version = await versionLeft(update, plan.earlier, reference);
      if (version !== undefined) return { reference, version, startedAt };
      try {
        if (plan.action === "create") await createFunction(update, reference);
        else await updateCode(update, reference);
      } catch (error) {
        throw explainRefusal(error, plan.title);
      }
      return { reference, startedAt };
    },

    follow: (plan, applied, image, context) =>
      followLambda(
        plan,
        applied,
        image,
        context,
        updateOf(targetOf(plan), context, clock, applied.startedAt),
      ),
    revert: (plan, applied, context) => revert(plan, applied, context, clock),
  };
}

async function revert(
  plan: TargetPlan<LambdaState>,
  applied: LambdaApplied,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome> {
  const target = targetOf(plan);
  const startedAt = clock.now();
  const previous = plan.state.kind === "found" ? plan.state.alias : undefined;
  const about = { service: plan.service, title: plan.title, kind: "lambda" as const };
  if (previous === undefined) {
    const message = `${target.alias} did not exist before: it stays where it is`;
    return { ...about, outcome: "failed", message, running: applied.reference, milliseconds: 0 };
  }
  const update = updateOf(target, context, clock, startedAt);
  const now = await getAlias(context.clients, target, context.signal);
  const whole = now !== undefined && versionsOf(now).every((version) => version === previous.version);
  if (!whole) {
    // What ran before was ready, and is to be so again before anybody is sent to it.
    if ((previous.provisioned ?? 0) > 0) {
      await provision(update, previous.version, previous.provisioned ?? 0);
    }
    await moveAlias(renew(update), previous.version);
  }
  return {
    ...about,
    outcome: "rolled back",
    message: `${target.alias} is on version ${previous.version} again`,
    ...(previous.image === undefined ? {} : { running: previous.image }),
    milliseconds: clock.now() - startedAt,
    details: { version: previous.version },
  };
}

function targetOf(plan: TargetPlan<LambdaState>): LambdaTarget {
  if (plan.target.kind !== "lambda") throw new Error(`${plan.title} was not planned as a Lambda function`);
  return plan.target;
}
