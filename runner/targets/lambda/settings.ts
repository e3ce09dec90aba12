import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { isAwsError } from "../../aws/errors.ts";
import type { ReleaseSettings } from "../target.ts";

/** Fields that Lambda sets itself. */
const ofLambda = [
  "FunctionArn",
  "RevisionId",
  "LastModified",
  "CodeSha256",
  "CodeSize",
  "Version",
  "$metadata",
];

/** Settings of a release of a function: the configuration of the version that it ran. */
export const lambdaSettings: ReleaseSettings<LambdaTarget> = {
  name: "version",
  hiddenFields: ["Environment"],
  of: ({ version }) => (version === undefined ? undefined : String(version)),
  async read(target, version, { clients, signal }) {
    try {
      const configuration = await clients.lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: target.function, Qualifier: version }),
        { abortSignal: signal },
      );
      return Object.fromEntries(Object.entries(configuration).filter(([field]) => !ofLambda.includes(field)));
    } catch (error) {
      if (isAwsError(error, "ResourceNotFoundException")) return undefined;
      throw error;
    }
  },
};
