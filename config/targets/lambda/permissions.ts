import { deployers, inspectors, type Permission, planners, type SharedResource } from "../permission.ts";
import type { LambdaResource } from "./resources.ts";

/** Permissions to move and follow Lambda functions. */
export const lambdaPermissions: readonly Permission<SharedResource | LambdaResource>[] = [
  {
    action: "lambda:GetFunction",
    on: "function",
    roles: [...planners, ...inspectors],
    why: "read a function, and wait for its updates",
  },
  {
    action: "lambda:GetFunctionConfiguration",
    on: "function",
    roles: planners,
    why: "read a version",
  },
  { action: "lambda:GetAlias", on: "function", roles: planners, why: "read which version callers get" },
  {
    action: "lambda:ListVersionsByFunction",
    on: "function",
    roles: [...planners, ...inspectors],
    why: "find versions that were left with provisioned concurrency, and those beyond keepVersions",
    when: "the target sets provisionedConcurrency or keepVersions, or all uses of images are looked for",
  },
  {
    action: "lambda:ListAliases",
    on: "function",
    roles: [...planners, ...inspectors],
    why: "see which versions are in use",
  },
  {
    action: "lambda:CreateFunction",
    on: "function",
    roles: deployers,
    why: "create a function, if the target says so",
  },
  { action: "lambda:UpdateFunctionCode", on: "function", roles: deployers, why: "set the new image" },
  { action: "lambda:PublishVersion", on: "function", roles: deployers, why: "publish a version" },
  {
    action: "lambda:CreateAlias",
    on: "function",
    roles: deployers,
    why: "create the alias of a new function",
  },
  {
    action: "lambda:UpdateAlias",
    on: "function",
    roles: deployers,
    why: "move callers, immediately or in steps",
  },
  {
    action: "lambda:InvokeFunction",
    on: "function",
    roles: deployers,
    why: "invoke a version before callers get it",
    calls: ["Invoke"],
  },
  {
    action: "lambda:PutProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "give the new version the provisioned concurrency of the old one",
    when: "the target sets provisionedConcurrency",
  },
  {
    action: "lambda:GetProvisionedConcurrencyConfig",
    on: "function",
    roles: planners,
    why: "read a version's provisioned concurrency",
  },
  {
    action: "lambda:DeleteProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "remove the old version's provisioned concurrency",
    when: "the target sets provisionedConcurrency",
  },
  {
    action: "lambda:DeleteFunction",
    on: "function-version",
    roles: deployers,
    why: "delete versions beyond keepVersions, never the function itself",
  },
  {
    action: "lambda:ListFunctions",
    on: "any",
    roles: inspectors,
    why: "slipway init looks for existing targets, `slipway lifecycle` and a person's deployment for what still runs an image",
  },
  {
    action: "cloudwatch:GetMetricStatistics",
    on: "any",
    roles: deployers,
    why: "read the errors of a new version while callers move to it",
    when: "the target sets shift.errorsAllowed",
  },
];
