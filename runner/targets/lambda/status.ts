import type { GetFunctionCommandOutput } from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { TargetContext, TargetStatus } from "../target.ts";
import { getAlias, getFunction, isSettled, weightsOf } from "./function.ts";
import { lambdaTitle } from "./plan.ts";
import { describeWeights, type FoundAlias } from "./state.ts";
import { failureOf } from "./update.ts";

/** What the alias runs, since when and how well, and whether a shift is under way: two calls at once. */
export async function statusOfLambda(
  serviceName: string,
  target: LambdaTarget,
  { clients, signal }: TargetContext,
): Promise<TargetStatus> {
  const about = { service: serviceName, title: lambdaTitle(target), kind: "lambda" as const };
  const [found, alias] = await Promise.all([
    getFunction(clients, target.function, target.alias, signal),
    getAlias(clients, target, signal),
  ]);
  if (found?.Configuration === undefined) {
    return {
      ...about,
      health: "missing",
      message: `the function does not exist, or has no alias ${target.alias}`,
    };
  }
  return { ...about, ...withWeights(describeFunction(found, target.alias), weightsOf(alias)) };
}

/** The status while a part of the invocations goes to other versions: a shift, or what is left of one. */
function withWeights<S extends Pick<TargetStatus, "health" | "message">>(
  status: S,
  weights: FoundAlias["weights"],
): S {
  const shares = describeWeights(weights);
  if (shares.length === 0) return status;
  const health = status.health === "healthy" ? "updating" : status.health;
  return { ...status, health, message: `${status.message}, ${shares.join(", ")}` };
}

/** The status of what an alias points to. */
export function describeFunction(
  { Configuration: configuration = {}, Code: code }: GetFunctionCommandOutput,
  alias: string,
): Omit<TargetStatus, "service" | "title" | "kind"> {
  const failure = failureOf(configuration);
  const version = configuration.Version ?? "unknown";
  const image = code?.ResolvedImageUri ?? code?.ImageUri;
  const modified =
    configuration.LastModified === undefined ? undefined : new Date(configuration.LastModified);
  const asleep = configuration.State === "Inactive" ? ", asleep until the next invocation" : "";
  return {
    health: failure !== undefined ? "unhealthy" : isSettled(configuration) ? "healthy" : "updating",
    message: `${alias} is on version ${version}${failure === undefined ? asleep : `: ${failure}`}`,
    ...(image === undefined ? {} : { running: image }),
    ...(modified === undefined || Number.isNaN(modified.getTime()) ? {} : { since: modified }),
    details: {
      version,
      ...(configuration.Architectures?.[0] === undefined
        ? {}
        : { architecture: configuration.Architectures[0] }),
    },
  };
}
