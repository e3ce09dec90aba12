import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";

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
