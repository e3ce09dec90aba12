import { isAbort } from "../../../../config/problems/abort.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { explainRefusal, hasCode } from "../../../aws/errors.ts";
import type { Image } from "../../../registry/image.ts";
import type { Gate, GateName } from "../../gate.ts";
import type { TargetContext, TargetOutcome } from "../../target.ts";
import { sendAlias, whole } from "../alias.ts";
import { sameDigest } from "../plan.ts";
import { describeWeights, type FoundAlias, type LambdaPlan } from "../state.ts";
import { checkVersion } from "./check.ts";
import { cleanUp } from "./clean-up.ts";
import { provision, waitForAlias } from "./provisioned.ts";
import { publishVersion } from "./publish.ts";
import { shiftAlias } from "./shift.ts";
import { describeSteps } from "./steps.ts";
import { type Course, type Failure, isTouched, undo } from "./undo.ts";
import { type FunctionUpdate, renew } from "./until.ts";

/** A function whose code was set. `follow` publishes the version and moves the alias. */
export interface LambdaApplied {
  /** The manifest that the function was set to, by digest. */
  readonly reference: string;
  /** A published version that already has this image: the function's code did not change. */
  readonly version?: string;
  /** By our clock, in milliseconds: time-outs count from here. */
  readonly startedAt: number;
}

/**
 * Takes a function from its new code to an alias on it: publish, check, provision, shift, move. After any
 * failure, all invocations go to the previous version.
 */
export async function followLambda(
  plan: LambdaPlan,
  applied: LambdaApplied,
  image: Image,
  context: TargetContext,
  update: FunctionUpdate,
): Promise<TargetOutcome> {
  const { clock } = update;
  const previous = plan.state.kind === "found" ? plan.state.alias : undefined;
  const course: Course = {
    version: undefined,
    provisioned: false,
    shift: { percent: undefined },
    alias: { seen: previous, asked: undefined },
    touched: false,
    moved: undefined,
    gates: [],
  };
  const failure = await carryOut(update, applied, previous, course).catch((thrown: unknown) =>
    failureFrom(explainRefusal(thrown, plan.title), course),
  );
  const run: Run = { plan, applied, update, course, previous, context };
  const end = await (failure === undefined ? finish(run, image) : takeBack(run, failure));
  return {
    service: plan.service,
    title: plan.title,
    kind: "lambda",
    ...end,
    gates: course.gates,
    milliseconds: clock.now() - applied.startedAt,
  };
}

/** A move of a function that has ended, with success or not. */
interface Run {
  readonly plan: LambdaPlan;
  readonly applied: LambdaApplied;
  readonly update: FunctionUpdate;
  readonly course: Course;
  readonly previous: FoundAlias | undefined;
  readonly context: TargetContext;
}

type End = Pick<TargetOutcome, "outcome" | "message" | "running" | "evidence" | "details">;

/** Removes what is no longer needed, after the alias moved to its new version. */
async function finish(run: Run, image: Image): Promise<End> {
  const { applied, update, course, previous, context } = run;
  const { target } = update;
  const version = course.version ?? "";
  const deleted = await cleanUp(renew(update), version, previous, (warning) =>
    context.emit({ kind: "warning", ...warning }),
  );
  const from = previous === undefined ? "" : `, before: version ${previous.version}`;
  return {
    outcome: "done",
    message: `${target.alias} ${course.moved === "created" ? "was created on" : "is on"} version ${version}${from}`,
    running: applied.reference,
    details: {
      version,
      digest: applied.reference.split("@").at(-1) ?? image.digest,
      ...(previous === undefined ? {} : { previousVersion: previous.version }),
      ...(target.provisionedConcurrency === undefined
        ? {}
        : { provisionedConcurrency: target.provisionedConcurrency }),
      ...(deleted.length === 0 ? {} : { deletedVersions: deleted.join(", ") }),
    },
  };
}

/** After a failure: sends all invocations to the previous version, and reports where the alias is. */
async function takeBack(
  { plan, applied, update, course, previous, context }: Run,
  failure: Failure,
): Promise<End> {
  const { alias } = update.target;
  const after = await undo(update, course, previous, failure, context);
  const stays = after.stays ?? (plan.action === "create" ? leftBehind(alias) : staying(alias, previous));
  const running = { new: applied.reference, previous: previous?.image, unknown: undefined }[after.alias];
  const cancelled = failure.kind === "cancelled";
  return {
    outcome: cancelled ? "cancelled" : after.putBack ? "rolled back" : "failed",
    message: cancelled
      ? `stopped; the code was updated, and ${stays}; run the command again to finish`
      : `${failure.reason}; ${stays}`,
    ...(running === undefined ? {} : { running }),
    ...(failure.evidence.length === 0 ? {} : { evidence: failure.evidence }),
  };
}

/** Undefined when all went well. */
async function carryOut(
  update: FunctionUpdate,
  applied: LambdaApplied,
  previous: FoundAlias | undefined,
  course: Course,
): Promise<Failure | undefined> {
  const { target } = update;
  const version = applied.version ?? (await publishVersion(update, applied.reference));
  course.version = version;
  // A killed run has already sent callers to this version. They are sent back if it fails.
  const share = previous?.weights[version];
  if (share !== undefined) course.shift.percent = Math.round(share * 100);
  if (target.check !== undefined) update.progress(`version ${version} is ready; invoking it`);
  const crashed = await checkVersion(update, version);
  if (target.check !== undefined) course.gates.push(gateOf("check", `version ${version} answers`, crashed));
  if (crashed !== undefined) return { kind: "failed", ...crashed };

  if (target.provisionedConcurrency !== undefined) {
    course.provisioned = version !== previous?.version;
    await provision(renew(update), version, target.provisionedConcurrency);
  }
  const otherImage = !sameDigest(previous?.image, applied.reference);
  if (target.shift !== undefined && previous !== undefined && otherImage) {
    const wrong = await shiftAlias(
      renew(update),
      previous,
      version,
      target.shift,
      course.shift,
      course.alias,
    );
    course.gates.push(gateOf("shift", describeSteps(target.shift.steps), wrong));
    if (wrong !== undefined) return { kind: "failed", ...wrong };
  }
  update.progress(`version ${version} is ready; moving ${target.alias}`);
  course.touched = true;
  course.moved = await sendAlias(renew(update), course.alias, whole(version));
  if (target.provisionedConcurrency === undefined) await waitForAlias(renew(update));
  return undefined;
}

function gateOf(gate: GateName, good: string, wrong: { readonly reason: string } | undefined): Gate {
  return wrong === undefined
    ? { gate, verdict: "passed", message: good }
    : { gate, verdict: "failed", message: wrong.reason };
}

const ownCodes = [
  "function-update-failed",
  "function-overtaken",
  "alias-overtaken",
  "provisioned-concurrency-failed",
  "timed-out",
  "unknown-function",
  "aws-refused",
];

/**
 * What an exception means for the function. Errors of permissions, credentials and network are not its
 * outcome and are rethrown, unless the alias has changed and must be put back first.
 */
function failureFrom(error: unknown, course: Course): Failure {
  if (isAbort(error)) return { kind: "cancelled", reason: "stopped", evidence: [] };
  if (!isTouched(course) && !course.provisioned && !hasCode(error, ...ownCodes)) throw error;
  const [problem] = error instanceof UserError ? error.problems : [];
  return {
    kind: "failed",
    reason: problem?.message ?? (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    evidence: problem?.fix === undefined ? [] : [problem.fix],
    overtaken: hasCode(error, "alias-overtaken"),
  };
}

function staying(alias: string, previous: FoundAlias | undefined): string {
  if (previous === undefined) return "the alias does not exist yet";
  return [`${alias} stays on version ${previous.version}`, ...describeWeights(previous.weights)].join(", ");
}

function leftBehind(alias: string): string {
  return `the function was created and is left as it is, without the alias ${alias}`;
}
