import { functionArns } from "../../../config/targets/lambda/resources.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import type { Account } from "../../account.ts";
import { inParts } from "../../alarms/event-source.ts";
import type { Statement } from "../../policy-document.ts";
import type { TargetInfrastructure } from "../target.ts";
import { lambdaAlarms, lambdaMetric } from "./alarms.ts";

/** Alarms and graphs of functions, and Lambda's right to pull for them. */
export const lambdaInfrastructure: TargetInfrastructure<LambdaTarget> = {
  kind: "lambda",
  alarms: lambdaAlarms,
  graphs: (targets) => [
    {
      title: "Lambda: invocations, errors, throttles",
      statistic: "Sum",
      metrics: targets.flatMap((target) =>
        (["Invocations", "Errors", "Throttles"] as const).map((name) => lambdaMetric(target, name)),
      ),
    },
    {
      title: "Lambda: duration, 95th percentile",
      statistic: "p95",
      metrics: targets.map((target) => lambdaMetric(target, "Duration")),
    },
  ],
  failedDeployments: () => [],
  scannedResources: (targets, { lambda }) =>
    lambda
      ? inParts(targets.map((target) => target.function)).map((names) => ({
          awsLambdaFunction: { functionName: names },
        }))
      : [],
  pullStatements,
};

/**
 * Lambda pulls by itself, for these functions only. Their ARNs name the account: no example of AWS's has
 * aws:SourceAccount beside them, and if Lambda did not send that, no function could be made.
 * https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
 */
function pullStatements(targets: readonly LambdaTarget[]): ((account: Account) => Statement)[] {
  if (targets.length === 0) return [];
  return [
    ({ id, region, partition }) => ({
      sid: "LambdaPull",
      principals: { services: ["lambda.amazonaws.com"] },
      actions: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      conditions: {
        ArnLike: {
          "aws:SourceArn": targets.flatMap((target) =>
            functionArns(target, { account: id, region, partition }),
          ),
        },
      },
    }),
  ];
}
