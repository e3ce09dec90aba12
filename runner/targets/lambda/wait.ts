import { GetAliasCommand, GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { hasCode } from "../../aws/errors.ts";
import type { Clock } from "../poll.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { updateOf, waitFor } from "./follow/until.ts";
import { unlessMissing } from "./function.ts";
import { lambdaTitle } from "./plan.ts";
import { statusOfLambda } from "./status.ts";

/** What is under way with a function; undefined when nothing is. */
interface Progress {
  readonly reason: string;
}

/**
 * Waits until an update of a function's code is over and its alias sends its callers to one version only;
 * undefined when it is so from the start. How a shift was meant to end is known to who began it alone:
 * the version that the alias ends up on is told.
 */
export async function waitForLambda(
  service: string,
  target: LambdaTarget,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome | undefined> {
  const startedAt = clock.now();
  const about = { service, title: lambdaTitle(target), kind: "lambda" as const };
  const first = await look(target, context);
  if (first === undefined) return undefined;
  const update = updateOf(target, context, clock, startedAt);
  try {
    await waitFor(update, first.reason, async (say) => {
      const progress = await look(target, context);
      if (progress !== undefined) say(progress.reason);
      return progress === undefined ? true : undefined;
    });
  } catch (error) {
    if (!hasCode(error, "timed-out")) throw error;
    const message = error.problems[0]?.message ?? "it took too long";
    return { ...about, outcome: "failed", message, milliseconds: clock.now() - startedAt };
  }
  const { health, message, running } = await statusOfLambda(service, target, context);
  return {
    ...about,
    outcome: health === "healthy" ? "done" : "failed",
    message,
    ...(running === undefined ? {} : { running }),
    milliseconds: clock.now() - startedAt,
  };
}

async function look(target: LambdaTarget, { clients, signal }: TargetContext): Promise<Progress | undefined> {
  const FunctionName = target.function;
  const options = { abortSignal: signal };
  const [configuration, alias] = await Promise.all([
    unlessMissing(clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }), options)),
    unlessMissing(clients.lambda.send(new GetAliasCommand({ FunctionName, Name: target.alias }), options)),
  ]);
  if (configuration?.State === "Pending" || configuration?.LastUpdateStatus === "InProgress") {
    return { reason: "the update of its code to end" };
  }
  const others = Object.entries(alias?.RoutingConfig?.AdditionalVersionWeights ?? {});
  if (others.length === 0) return undefined;
  const parts = others.map(([version, part]) => `version ${version} gets ${Math.round(part * 100)} %`);
  return { reason: `the shift of ${target.alias} to end (${parts.join(", ")})` };
}
