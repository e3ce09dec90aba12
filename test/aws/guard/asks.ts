import { ecsAsks } from "./asks-ecs.ts";
import { inUseAsks } from "./asks-in-use.ts";
import { lambdaAsks } from "./asks-lambda.ts";
import { type AskMaker, arnOf, inputOf, isFull, textOf, textsOf } from "./input.ts";
import type { Ask, Place } from "./policy.ts";

const anywhere =
  (action: string): AskMaker =>
  () => [{ action, resource: "*" }];

const onRepository =
  (action: string): AskMaker =>
  ({ repositoryName, registryId }, place) => {
    const account = textOf(registryId) || place.account;
    return [{ action, resource: arnOf({ ...place, account }, "ecr", "repository/", textOf(repositoryName)) }];
  };

const ecrAsks: Readonly<Record<string, AskMaker>> = {
  GetAuthorizationToken: anywhere("ecr:GetAuthorizationToken"),
  DescribeRepositories: ({ repositoryNames, registryId }, place) => {
    const account = textOf(registryId) || place.account;
    // Without names it is about all of them.
    const names = isFull(repositoryNames) ? textsOf(repositoryNames) : ["*"];
    return names.map((name) => ({
      action: "ecr:DescribeRepositories",
      resource: arnOf({ ...place, account }, "ecr", "repository/", name),
    }));
  },
  DescribeImages: onRepository("ecr:DescribeImages"),
  BatchGetImage: onRepository("ecr:BatchGetImage"),
  // "The IAM principal invoking this operation must have the ecr:BatchGetImage permission": API reference.
  ListImageReferrers: onRepository("ecr:BatchGetImage"),
  GetDownloadUrlForLayer: onRepository("ecr:GetDownloadUrlForLayer"),
  PutImage: onRepository("ecr:PutImage"),
  BatchDeleteImage: onRepository("ecr:BatchDeleteImage"),
  DeleteRepository: onRepository("ecr:DeleteRepository"),
  GetLifecyclePolicy: onRepository("ecr:GetLifecyclePolicy"),
  StartLifecyclePolicyPreview: onRepository("ecr:StartLifecyclePolicyPreview"),
  GetLifecyclePolicyPreview: onRepository("ecr:GetLifecyclePolicyPreview"),
  GetRepositoryPolicy: onRepository("ecr:GetRepositoryPolicy"),
  DescribeImageScanFindings: onRepository("ecr:DescribeImageScanFindings"),
  StartImageScan: onRepository("ecr:StartImageScan"),
  GetSigningConfiguration: anywhere("ecr:GetSigningConfiguration"),
  DescribeImageSigningStatus: onRepository("ecr:DescribeImageSigningStatus"),
};

/**
 * A group stands in requests as its streams, of which none is named.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
 */
const onLogs =
  (action: string): AskMaker =>
  ({ logGroupName, logGroupIdentifier, logStreamName }, place) => {
    const group = textOf(logGroupName) || textOf(logGroupIdentifier);
    const stream = `log-stream:${textOf(logStreamName)}`;
    return [{ action, resource: `${arnOf(place, "logs", "log-group:", group)}:${stream}` }];
  };

/**
 * A key that is named by its alias is asked for by its own ARN, with the alias as a condition key.
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
const onKey =
  (action: string): AskMaker =>
  ({ KeyId }, place) => {
    const id = textOf(KeyId);
    if (id.startsWith("arn:")) return [{ action, resource: id }];
    if (!id.startsWith("alias/")) return [{ action, resource: arnOf(place, "kms", "key/", id) }];
    const resource = arnOf(place, "kms", "key/", "00000000-0000-0000-0000-000000000000");
    return [{ action, resource, context: { "kms:RequestAlias": id } }];
  };

/**
 * What IAM is asked for each call: actions, ARNs and condition keys as the Service Authorization Reference has
 * them. https://docs.aws.amazon.com/service-authorization/latest/reference/
 *
 * By the name that requests are signed with, and the operation.
 */
export const asks: Readonly<Record<string, Readonly<Record<string, AskMaker>>>> = {
  ...inUseAsks,
  ecr: ecrAsks,
  ecs: ecsAsks,
  lambda: lambdaAsks,
  // "You can't return information about composite alarms if your cloudwatch:DescribeAlarms permission has a
  // narrower scope" than `*`: API reference of CloudWatch, DescribeAlarms.
  monitoring: {
    DescribeAlarms: anywhere("cloudwatch:DescribeAlarms"),
    GetMetricStatistics: anywhere("cloudwatch:GetMetricStatistics"),
  },
  logs: {
    GetLogEvents: onLogs("logs:GetLogEvents"),
    FilterLogEvents: onLogs("logs:FilterLogEvents"),
    DescribeLogStreams: onLogs("logs:DescribeLogStreams"),
  },
  elasticloadbalancing: {
    DescribeTargetHealth: anywhere("elasticloadbalancing:DescribeTargetHealth"),
  },
  secretsmanager: {
    DescribeSecret: ({ SecretId }, place) => [
      {
        action: "secretsmanager:DescribeSecret",
        resource: arnOf(place, "secretsmanager", "secret:", textOf(SecretId)),
      },
    ],
  },
  kms: { GetPublicKey: onKey("kms:GetPublicKey"), Sign: onKey("kms:Sign") },
  ssm: {
    GetParameters: ({ Names }, place) =>
      textsOf(Names).map((name) => ({
        action: "ssm:GetParameters",
        resource: arnOf(place, "ssm", "parameter/", name.replace(/^\//, "")),
      })),
  },
  sts: { GetCallerIdentity: anywhere("sts:GetCallerIdentity") },
  iam: {
    GetRole: ({ RoleName }, { partition, account }) => [
      { action: "iam:GetRole", resource: `arn:${partition}:iam::${account}:role/${textOf(RoleName)}` },
    ],
    SimulatePrincipalPolicy: ({ PolicySourceArn }) => [
      { action: "iam:SimulatePrincipalPolicy", resource: textOf(PolicySourceArn) },
    ],
  },
};

/**
 * What IAM is asked for a call.
 *
 * @throws Error for a call that is not in the list: whoever adds it says what it needs
 */
export function asksOf(service: string, operation: string, input: unknown, place: Place): readonly Ask[] {
  const maker = asks[service]?.[operation];
  if (maker === undefined)
    throw new Error(`${service}:${operation}: what it needs is not known; add it to test/aws/guard/asks.ts`);
  return maker(inputOf(input), place);
}
