import { deployers, nobody, type Permission, planners, type SharedResource } from "../permission.ts";
import type { LambdaResource } from "./resources.ts";

/** What moving and following Lambda functions calls. */
export const lambdaPermissions: readonly Permission<SharedResource | LambdaResource>[] = [
  {
    action: "lambda:GetFunction",
    on: "function",
    roles: planners,
    why: "see what a function runs, and wait for its updates",
  },
  {
    action: "lambda:GetFunctionConfiguration",
    on: "function",
    roles: planners,
    why: "see what a version runs",
  },
  { action: "lambda:GetAlias", on: "function", roles: planners, why: "see which version callers get" },
  {
    action: "lambda:ListVersionsByFunction",
    on: "function",
    roles: planners,
    why: "find the version of an image",
  },
  { action: "lambda:ListAliases", on: "function", roles: planners, why: "see which versions are in use" },
  {
    action: "lambda:CreateFunction",
    on: "function",
    roles: deployers,
    why: "where the catalogue says create",
  },
  { action: "lambda:UpdateFunctionCode", on: "function", roles: deployers, why: "the new image" },
  { action: "lambda:PublishVersion", on: "function", roles: deployers, why: "a version of it" },
  { action: "lambda:CreateAlias", on: "function", roles: deployers, why: "the alias of a new function" },
  {
    action: "lambda:UpdateAlias",
    on: "function",
    roles: deployers,
    why: "move callers, at once or in steps",
  },
  {
    action: "lambda:InvokeFunction",
    on: "function",
    roles: deployers,
    why: "check a version before callers get it",
    calls: ["Invoke"],
  },
  {
    action: "lambda:PutProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "the new version is as warm as the old one",
  },
  {
    action: "lambda:GetProvisionedConcurrencyConfig",
    on: "function",
    roles: planners,
    why: "see how warm a version is kept",
  },
  {
    action: "lambda:DeleteProvisionedConcurrencyConfig",
    on: "function",
    roles: deployers,
    why: "the old version need not be warm any more",
  },
  {
    action: "lambda:DeleteFunction",
    on: "function-version",
    roles: deployers,
    why: "versions beyond keepVersions, and never a function itself",
  },
  { action: "lambda:ListFunctions", on: "any", roles: nobody, why: "slipway init looks for what is live" },
  {
    action: "cloudwatch:GetMetricStatistics",
    on: "any",
    roles: deployers,
    why: "errors of a function's new version while callers move to it",
  },
];
