import type { TargetDeclaration } from "../target.ts";
import { lambdaPermissions } from "./permissions.ts";
import { lambdaProblems } from "./problems.ts";
import { functionRoles, type LambdaResource, lambdaResources } from "./resources.ts";
import { type LambdaTarget, lambdaTargetSchema, resolveLambdaTarget } from "./target.ts";

/** Lambda functions, as services.yaml and the roles of CI describe them. */
export const lambdaDeclaration: TargetDeclaration<LambdaTarget, LambdaTarget, LambdaResource> = {
  kind: "lambda",
  schema: lambdaTargetSchema,
  resolve: resolveLambdaTarget,
  identity: (target) => target.function,
  containers: () => [],
  problems: lambdaProblems,
  permissions: lambdaPermissions,
  resources: lambdaResources,
  passedRoles: ["function-role"],
  passableRoles: functionRoles,
  logGroups: (targets) => targets.map((target) => `/aws/lambda/${target.function}`),
};
