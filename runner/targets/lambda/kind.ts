import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { explainRefusal } from "../../aws/errors.ts";
import { imageReference } from "../../registry/image.ts";
import { type Clock, systemClock } from "../poll.ts";
import type { TargetContext, TargetKind, TargetOutcome } from "../target.ts";
import { type SeenAlias, samePlace, seeAlias, sendAlias, whole } from "./alias.ts";
import { followLambda, type LambdaApplied } from "./follow/follow.ts";
import { provision } from "./follow/provisioned.ts";
import { type FunctionUpdate, renew, updateOf } from "./follow/until.ts";
import { reusableVersion } from "./follow/versions.ts";
import { getFunction } from "./function.ts";
import { lambdaHints } from "./hints.ts";
import { imagesInLambda } from "./in-use.ts";
import { inspectLambda, isLambdaAsPlanned } from "./inspect.ts";
import { liveInLambda } from "./live.ts";
import { logsOfLambda } from "./logs.ts";
import {
  architectureOf,
  lambdaImageChange,
  lambdaTitle,
  manifestFor,
  planLambda,
  sameDigest,
} from "./plan.ts";
import { lambdaSettings } from "./settings.ts";
import type { LambdaPlan, LambdaState } from "./state.ts";
import { statusOfLambda } from "./status.ts";
import { assertManifest, createFunction, updateCode } from "./update.ts";
import { verifyLambda } from "./verify.ts";
import { waitForLambda } from "./wait.ts";

export type { LambdaApplied } from "./follow/follow.ts";

/** Lambda functions: code by one platform's digest, a version for each image, the alias moved last. */
export const lambdaKind = createLambdaKind(systemClock);

/** @param clock time; tests bring their own */
export function createLambdaKind(clock: Clock): TargetKind<LambdaTarget, LambdaState, LambdaApplied> {
  return {
    kind: "lambda",
    title: lambdaTitle,
    hints: lambdaHints,
    // A function has one place for an image.
    imageFor: (_target, image) => image,
    // The image ran well before: the steps of a shift would only keep callers waiting.
    withoutPreparations: ({ shift: _steps, ...target }) => target,
    inspect: inspectLambda,
    plan: planLambda,
    imageChange: lambdaImageChange,
    verify: verifyLambda,
    status: statusOfLambda,
    reusable: ({ version }) => (version === undefined ? undefined : String(version)),
    settings: lambdaSettings,
    logs: logsOfLambda,
    probe: (target) => ({
      action: "lambda:GetFunction",
      on: target.function,
      call: ({ clients, signal }) => getFunction(clients, target.function, undefined, signal),
    }),
    inUse: imagesInLambda,
    live: liveInLambda,
    wait: (service, target, _registry, context) => waitForLambda(service, target, context, clock),
    isAsPlanned: isLambdaAsPlanned,
    // The alias is moved last: a version that callers are sent to is proven.
    resume: () => undefined,

    async apply(plan, image, context) {
      const target = plan.target;
      const startedAt = clock.now();
      const architecture = architectureOf(target, plan.state);
      const digest = manifestFor(image, architecture);
      if (digest === undefined) throw new Error(`no plan to apply for ${plan.title}`);
      await assertManifest(context.clients, image, digest, architecture, context.signal);
      const update = updateOf(target, context, clock, startedAt);
      const reference = imageReference(image, digest);
      const version =
        runningVersion(plan.state, reference) ?? (await reusableVersion(update, plan.reuse, reference));
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
      followLambda(plan, applied, image, context, updateOf(plan.target, context, clock, applied.startedAt)),
    revert: (plan, applied, context) => revert(plan, applied, context, clock),
  };
}

async function revert(
  plan: LambdaPlan,
  applied: LambdaApplied,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome> {
  const target = plan.target;
  const startedAt = clock.now();
  const previous = plan.state.kind === "found" ? plan.state.alias : undefined;
  const about = { service: plan.service, title: plan.title, kind: "lambda" as const };
  if (previous === undefined) {
    const message = `${target.alias} did not exist before: it stays where it is`;
    return { ...about, outcome: "failed", message, running: applied.reference, milliseconds: 0 };
  }
  const update = updateOf(target, context, clock, startedAt);
  const now = await seeAlias(update);
  const before = whole(previous.version);
  if (now === undefined || !samePlace(now, before)) {
    if (now !== undefined && !(await isOurDoing(update, now, previous.version, applied.reference))) {
      const message = `someone else has moved ${target.alias}: it stays on version ${now.version}`;
      return { ...about, outcome: "rolled back", message, milliseconds: clock.now() - startedAt };
    }
    // What ran before was ready, and is to be so again before anybody is sent to it.
    if ((previous.provisioned ?? 0) > 0) {
      await provision(update, previous.version, previous.provisioned ?? 0);
    }
    await sendAlias(renew(update), { seen: now, asked: undefined }, before);
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

/** Whether an alias sends invocations to the version before and to our image only. */
async function isOurDoing(
  { clients, target, signal }: FunctionUpdate,
  now: SeenAlias,
  previous: string,
  reference: string,
): Promise<boolean> {
  const others = [now.version, ...Object.keys(now.weights)].filter((version) => version !== previous);
  const found = await Promise.all(
    others.map((version) => getFunction(clients, target.function, version, signal)),
  );
  return found.every((one) => sameDigest(one?.Code?.ResolvedImageUri ?? one?.Code?.ImageUri, reference));
}

/** The version that the alias is on, when it has this very image: only what is around it changes. */
function runningVersion(state: LambdaState, reference: string): string | undefined {
  const alias = state.kind === "found" ? state.alias : undefined;
  return sameDigest(alias?.image, reference) ? alias?.version : undefined;
}
