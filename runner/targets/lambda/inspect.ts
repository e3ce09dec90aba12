import {
  GetAliasCommand,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  paginateListFunctions,
} from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/catalogue.ts";
import { didYouMean } from "../../../config/nearest.ts";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";
import type { TargetContext, TargetPlan } from "../target.ts";
import type { LambdaState } from "./state.ts";

/** Names shown in "did you mean": ten pages, as Lambda gives them. */
const mostNames = 500;

/** Undefined instead of Lambda's ResourceNotFoundException. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isAwsError(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}

/** A function with its image; of a version or an alias when there is a qualifier. */
export function getFunction(
  clients: Clients,
  name: string,
  qualifier: string | undefined,
  signal: AbortSignal,
): Promise<GetFunctionCommandOutput | undefined> {
  const input = { FunctionName: name, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) };
  return unlessMissing(clients.lambda.send(new GetFunctionCommand(input), { abortSignal: signal }));
}

/** Reads the function, its alias, and what the alias runs: three calls at once. */
export async function inspectLambda(target: LambdaTarget, context: TargetContext): Promise<LambdaState> {
  const { clients, signal } = context;
  const { region } = clients;
  const [latest, alias, aliased] = await Promise.all([
    getFunction(clients, target.function, undefined, signal),
    unlessMissing(
      clients.lambda.send(new GetAliasCommand({ FunctionName: target.function, Name: target.alias }), {
        abortSignal: signal,
      }),
    ),
    getFunction(clients, target.function, target.alias, signal),
  ]);
  const configuration = latest?.Configuration;
  if (configuration === undefined) {
    return {
      kind: "missing",
      region,
      problems: [
        {
          code: "unknown-function",
          where: `Lambda in ${region}`,
          value: target.function,
          message: "there is no such function, and the target does not say how to create it",
          fix: `${didYouMean(target.function, await functionNames(clients, signal))}; or add "create" to the target`,
        },
      ],
    };
  }
  const weights = alias?.RoutingConfig?.AdditionalVersionWeights ?? {};
  return {
    kind: "found",
    region,
    functionName: configuration.FunctionName ?? target.function,
    packageType: configuration.PackageType ?? "Zip",
    architecture: configuration.Architectures?.[0] ?? "x86_64",
    latest: {
      image: latest?.Code?.ResolvedImageUri ?? latest?.Code?.ImageUri,
      settled: isSettled(configuration),
    },
    alias:
      alias?.FunctionVersion === undefined
        ? undefined
        : {
            version: alias.FunctionVersion,
            image: aliased?.Code?.ResolvedImageUri ?? aliased?.Code?.ImageUri,
            weighted: Object.keys(weights).length > 0,
          },
  };
}

/** Whether the alias still is where it was when the plan was made. */
export async function isLambdaAsPlanned(
  { target, state }: TargetPlan<LambdaState>,
  { clients, signal }: TargetContext,
): Promise<boolean> {
  if (target.kind !== "lambda") return true;
  const alias = await unlessMissing(
    clients.lambda.send(new GetAliasCommand({ FunctionName: target.function, Name: target.alias }), {
      abortSignal: signal,
    }),
  );
  return alias?.FunctionVersion === (state.kind === "found" ? state.alias?.version : undefined);
}

/**
 * Whether a function's last update is over and went well. An Inactive function is only asleep: an
 * update wakes it.
 */
export function isSettled(configuration: {
  readonly State?: string | undefined;
  readonly LastUpdateStatus?: string | undefined;
}): boolean {
  const { State: state, LastUpdateStatus: update } = configuration;
  return state !== "Pending" && state !== "Failed" && (update ?? "Successful") === "Successful";
}

async function functionNames(clients: Clients, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListFunctions({ client: clients.lambda }, {}, { abortSignal: signal })) {
    names.push(...(page.Functions ?? []).flatMap((one) => one.FunctionName ?? []));
    if (names.length >= mostNames) break;
  }
  return names;
}
