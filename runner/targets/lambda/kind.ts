import { GetAliasCommand } from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/catalogue.ts";
import { UserError } from "../../../config/errors.ts";
import { explainRefusal } from "../../aws/errors.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import { type Clock, isAbort, systemClock } from "../poll.ts";
import type { TargetContext, TargetKind, TargetOutcome, TargetPlan } from "../target.ts";
import { inspectLambda, isLambdaAsPlanned, unlessMissing } from "./inspect.ts";
import { architectureOf, lambdaTitle, manifestFor, planLambda } from "./plan.ts";
import { moveAlias, publishVersion } from "./release.ts";
import type { LambdaState } from "./state.ts";
import { statusOfLambda } from "./status.ts";
import { assertManifest, createFunction, type FunctionUpdate, updateCode } from "./update.ts";

/** A function whose code was set; nothing is published, and the alias not moved, until it is followed. */
export interface LambdaApplied {
  /** The manifest that the function was set to, by digest. */
  readonly reference: string;
  /** By our clock, in milliseconds: time-outs count from here. */
  readonly startedAt: number;
}

/** Lambda functions: code by one platform's digest, a version for each image, the alias moved last. */
export const lambdaKind = createLambdaKind(systemClock);

/** @param clock time; tests bring their own */
export function createLambdaKind(clock: Clock): TargetKind<LambdaTarget, LambdaState, LambdaApplied> {
  return {
    kind: "lambda",
    title: lambdaTitle,
    inspect: inspectLambda,
    plan: planLambda,
    status: statusOfLambda,
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
      try {
        if (plan.action === "create") await createFunction(update, reference);
        else await updateCode(update, reference);
      } catch (error) {
        throw explainRefusal(error, plan.title);
      }
      return { reference, startedAt };
    },

    follow: (plan, applied, image, context) => follow(plan, applied, image, context, clock),
    revert: (plan, applied, context) => revert(plan, applied, context, clock),
  };
}

async function follow(
  plan: TargetPlan<LambdaState>,
  applied: LambdaApplied,
  image: Image,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome> {
  const target = targetOf(plan);
  const update = updateOf(target, context, clock, applied.startedAt);
  const previous = plan.state.kind === "found" ? plan.state.alias : undefined;
  const about = { service: plan.service, title: plan.title, kind: "lambda" as const };
  const before = previous?.image === undefined ? {} : { running: previous.image };
  let version: string | undefined;
  try {
    version = await publishVersion(update, applied.reference);
    update.progress(`version ${version} is ready; moving ${target.alias}`);
    const moved = await moveAlias(update, version);
    const from = previous === undefined ? "" : `, before: version ${previous.version}`;
    return {
      ...about,
      outcome: "done",
      message: `${target.alias} ${moved === "created" ? "was created on" : "is on"} version ${version}${from}`,
      running: applied.reference,
      milliseconds: clock.now() - applied.startedAt,
      details: {
        version,
        digest: applied.reference.split("@").at(-1) ?? image.digest,
        ...(previous === undefined ? {} : { previousVersion: previous.version }),
      },
    };
  } catch (thrown) {
    const error = explainRefusal(thrown, plan.title);
    const milliseconds = clock.now() - applied.startedAt;
    const stays =
      previous === undefined
        ? "there is no alias yet"
        : `${target.alias} stays on version ${previous.version}`;
    if (isAbort(error) || context.signal.aborted) {
      const message = `stopped; the code was updated, ${stays}: running it again finishes it`;
      return { ...about, ...before, outcome: "cancelled", message, milliseconds };
    }
    // What Lambda says about this function is the outcome; rights, credentials and network are not.
    if (!(error instanceof UserError) || !error.problems.some((problem) => ownCodes.includes(problem.code))) {
      throw error;
    }
    const [problem] = error.problems;
    return {
      ...about,
      ...before,
      outcome: "failed",
      message: `${problem?.message}; ${stays}`,
      ...(problem?.fix === undefined ? {} : { evidence: [problem.fix] }),
      milliseconds,
    };
  }
}

const ownCodes = [
  "function-update-failed",
  "function-overtaken",
  "timed-out",
  "unknown-function",
  "aws-refused",
];

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
  const now = await unlessMissing(
    context.clients.lambda.send(new GetAliasCommand({ FunctionName: target.function, Name: target.alias }), {
      abortSignal: context.signal,
    }),
  );
  if (now?.FunctionVersion !== previous.version) {
    await moveAlias(updateOf(target, context, clock, startedAt), previous.version);
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

function updateOf(
  target: LambdaTarget,
  context: TargetContext,
  clock: Clock,
  startedAt: number,
): FunctionUpdate {
  return {
    clients: context.clients,
    signal: context.signal,
    clock,
    target,
    until: startedAt + target.timeoutSeconds * 1000,
    progress: (message) => context.emit({ kind: "step-progress", id: context.step, message }),
  };
}
