import { type AskMaker, arnOf, type Input, inputOf, passRole, textOf } from "./input.ts";
import type { Ask, Place } from "./policy.ts";

/** ARN of what a request is on: the function, or the version or alias that it names. */
function functionArn({ FunctionName, Qualifier }: Input, place: Place): string {
  const arn = arnOf(place, "lambda", "function:", textOf(FunctionName));
  return textOf(Qualifier) === "" ? arn : `${arn}:${textOf(Qualifier)}`;
}

const onFunction =
  (action: string): AskMaker =>
  (input, place) => [{ action, resource: functionArn(input, place) }];

/**
 * Lambda looks with the caller's rights whether it may pull.
 * https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
 */
function looksAtImage(uri: unknown, place: Place): Ask[] {
  const repository = /^[^/]+\/([^@:]+)/.exec(textOf(uri))?.[1];
  if (repository === undefined) return [];
  const resource = arnOf(place, "ecr", "repository/", repository);
  return [{ action: "ecr:GetRepositoryPolicy", resource }];
}

export const lambdaAsks: Readonly<Record<string, AskMaker>> = {
  GetFunction: onFunction("lambda:GetFunction"),
  GetFunctionConfiguration: onFunction("lambda:GetFunctionConfiguration"),
  // Aliases are members of a function, which is the resource that the reference names.
  GetAlias: onFunction("lambda:GetAlias"),
  CreateAlias: onFunction("lambda:CreateAlias"),
  UpdateAlias: onFunction("lambda:UpdateAlias"),
  ListAliases: onFunction("lambda:ListAliases"),
  ListVersionsByFunction: onFunction("lambda:ListVersionsByFunction"),
  PublishVersion: onFunction("lambda:PublishVersion"),
  // "requires permission for the lambda:InvokeFunction action": API reference of Lambda, Invoke.
  Invoke: onFunction("lambda:InvokeFunction"),
  DeleteFunction: onFunction("lambda:DeleteFunction"),
  GetProvisionedConcurrencyConfig: onFunction("lambda:GetProvisionedConcurrencyConfig"),
  PutProvisionedConcurrencyConfig: onFunction("lambda:PutProvisionedConcurrencyConfig"),
  DeleteProvisionedConcurrencyConfig: onFunction("lambda:DeleteProvisionedConcurrencyConfig"),
  ListFunctions: () => [{ action: "lambda:ListFunctions", resource: "*" }],
  CreateFunction: (input, place) => [
    { action: "lambda:CreateFunction", resource: functionArn(input, place) },
    ...passRole(input.Role, "lambda.amazonaws.com"),
    ...looksAtImage(inputOf(input.Code).ImageUri, place),
  ],
  UpdateFunctionCode: (input, place) => [
    { action: "lambda:UpdateFunctionCode", resource: functionArn(input, place) },
    ...looksAtImage(input.ImageUri, place),
  ],
};
