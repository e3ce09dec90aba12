import {
  type AliasConfiguration,
  GetAliasCommand,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  GetProvisionedConcurrencyConfigCommand,
  type GetProvisionedConcurrencyConfigCommandOutput,
} from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";

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

/** The target's alias; undefined when there is none, or no function. */
export function getAlias(
  clients: Clients,
  { function: name, alias }: Pick<LambdaTarget, "function" | "alias">,
  signal: AbortSignal,
): Promise<AliasConfiguration | undefined> {
  const command = new GetAliasCommand({ FunctionName: name, Name: alias });
  return unlessMissing(clients.lambda.send(command, { abortSignal: signal }));
}

/** Versions beside the alias' own that get a part of its invocations; 0 to 1. */
export function weightsOf(alias: AliasConfiguration | undefined): Readonly<Record<string, number>> {
  return alias?.RoutingConfig?.AdditionalVersionWeights ?? {};
}

/** Provisioned concurrency of a version or an alias; undefined when it has none. */
export async function getProvisioned(
  clients: Clients,
  functionName: string,
  qualifier: string,
  signal: AbortSignal,
): Promise<GetProvisionedConcurrencyConfigCommandOutput | undefined> {
  try {
    return await clients.lambda.send(
      new GetProvisionedConcurrencyConfigCommand({ FunctionName: functionName, Qualifier: qualifier }),
      { abortSignal: signal },
    );
  } catch (error) {
    if (isAwsError(error, "ProvisionedConcurrencyConfigNotFoundException", "ResourceNotFoundException")) {
      return undefined;
    }
    throw error;
  }
}
