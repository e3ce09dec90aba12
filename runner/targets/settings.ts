import { createHash } from "node:crypto";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import { describeTaskDefinition, responseOnly } from "./ecs/revision.ts";

/** Values that may be secrets, wherever they are in a document. */
export const hiddenFields = ["environment", "Environment"] as const;

/** What stands for such a value: different values look different, and none can be read. Pure. */
export function hideValue(value: string): string {
  return `(hidden, ${createHash("sha256").update(value).digest("hex").slice(0, 8)})`;
}

/**
 * A revision of a task definition as its owner wrote it; undefined when it is gone.
 *
 * @param name `shop-ui:12`
 */
export async function readRevisionSettings(
  clients: Clients,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { taskDefinition } = await describeTaskDefinition(clients.ecs, name, signal);
    return Object.fromEntries(
      Object.entries(taskDefinition).filter(([field]) => !responseOnly.includes(field)),
    );
  } catch (error) {
    if (isAwsError(error, "ClientException", "InvalidParameterException")) return undefined;
    throw error;
  }
}

/** What Lambda says of a version and nobody chose. */
const ofLambda = [
  "FunctionArn",
  "RevisionId",
  "LastModified",
  "CodeSha256",
  "CodeSize",
  "Version",
  "$metadata",
];

/** Configuration of a published version; undefined when it is gone. */
export async function readVersionSettings(
  clients: Clients,
  functionName: string,
  version: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const configuration = await clients.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: functionName, Qualifier: version }),
      { abortSignal: signal },
    );
    return Object.fromEntries(Object.entries(configuration).filter(([field]) => !ofLambda.includes(field)));
  } catch (error) {
    if (isAwsError(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}
