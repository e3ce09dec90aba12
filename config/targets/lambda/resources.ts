import type { ScopedResources, TargetScope } from "../permission.ts";
import type { LambdaTarget } from "./target.ts";

/** The resources that permissions for Lambda functions are limited to. */
export type LambdaResource =
  | "function"
  /** Versions and aliases of the functions, without the functions themselves. */
  | "function-version"
  | "function-role";

/** The ARNs of a stack's functions and of what belongs to them. */
export function lambdaResources(
  resource: LambdaResource,
  targets: readonly LambdaTarget[],
  scope: Omit<TargetScope, "github">,
): ScopedResources {
  const { partition, region, account, isOfWholeAccount = false } = scope;
  if (isOfWholeAccount) {
    const all = `arn:${partition}:lambda:${region}:${account}:function:*`;
    return { resources: resource === "function" ? [all] : [] };
  }
  switch (resource) {
    case "function":
      return { resources: targets.flatMap((target) => functionArns(target, scope)) };
    case "function-version":
      return { resources: targets.flatMap((target) => functionArns(target, scope).slice(1)) };
    case "function-role":
      return {
        resources: functionRoles(targets),
        conditions: { StringEquals: { "iam:PassedToService": ["lambda.amazonaws.com"] } },
      };
  }
}

/** ARN of a function, and the pattern for its versions and aliases. */
export function functionArns(
  { function: name }: LambdaTarget,
  { partition, region, account }: Omit<TargetScope, "github">,
): [own: string, qualified: string] {
  const arn = `arn:${partition}:lambda:${region}:${account}:function:${name}`;
  return [arn, `${arn}:*`];
}

/** Execution roles of the functions that a deployment may create. */
export function functionRoles(targets: readonly LambdaTarget[]): string[] {
  return [...new Set(targets.flatMap(({ create }) => (create === undefined ? [] : [create.role])))];
}
