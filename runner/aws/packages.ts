import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * The classes of the clients. Each package is loaded on first use: loading all of them would take a third of
 * a command's start-up time. `require` is used because a getter can't wait; the packages are CommonJS, so
 * `import` returns the same module.
 */
export const clientClasses = {
  apprunner: () =>
    (require("@aws-sdk/client-apprunner") as typeof import("@aws-sdk/client-apprunner")).AppRunnerClient,
  batch: () => (require("@aws-sdk/client-batch") as typeof import("@aws-sdk/client-batch")).BatchClient,
  cloudwatch: () =>
    (require("@aws-sdk/client-cloudwatch") as typeof import("@aws-sdk/client-cloudwatch")).CloudWatchClient,
  codebuild: () =>
    (require("@aws-sdk/client-codebuild") as typeof import("@aws-sdk/client-codebuild")).CodeBuildClient,
  logs: () =>
    (require("@aws-sdk/client-cloudwatch-logs") as typeof import("@aws-sdk/client-cloudwatch-logs"))
      .CloudWatchLogsClient,
  ecr: () => (require("@aws-sdk/client-ecr") as typeof import("@aws-sdk/client-ecr")).ECRClient,
  ecs: () => (require("@aws-sdk/client-ecs") as typeof import("@aws-sdk/client-ecs")).ECSClient,
  elbv2: () =>
    (
      require("@aws-sdk/client-elastic-load-balancing-v2") as typeof import("@aws-sdk/client-elastic-load-balancing-v2")
    ).ElasticLoadBalancingV2Client,
  events: () =>
    (require("@aws-sdk/client-eventbridge") as typeof import("@aws-sdk/client-eventbridge"))
      .EventBridgeClient,
  iam: () => (require("@aws-sdk/client-iam") as typeof import("@aws-sdk/client-iam")).IAMClient,
  inspector2: () =>
    (require("@aws-sdk/client-inspector2") as typeof import("@aws-sdk/client-inspector2")).Inspector2Client,
  kms: () => (require("@aws-sdk/client-kms") as typeof import("@aws-sdk/client-kms")).KMSClient,
  lambda: () => (require("@aws-sdk/client-lambda") as typeof import("@aws-sdk/client-lambda")).LambdaClient,
  sagemaker: () =>
    (require("@aws-sdk/client-sagemaker") as typeof import("@aws-sdk/client-sagemaker")).SageMakerClient,
  scheduler: () =>
    (require("@aws-sdk/client-scheduler") as typeof import("@aws-sdk/client-scheduler")).SchedulerClient,
  secretsManager: () =>
    (require("@aws-sdk/client-secrets-manager") as typeof import("@aws-sdk/client-secrets-manager"))
      .SecretsManagerClient,
  ssm: () => (require("@aws-sdk/client-ssm") as typeof import("@aws-sdk/client-ssm")).SSMClient,
  sts: () => (require("@aws-sdk/client-sts") as typeof import("@aws-sdk/client-sts")).STSClient,
};
