import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, afterEach, vi } from "vitest";

// Files of this project share a process and its modules: none hands on what it has put in AWS's place.

const clients = [
  CloudWatchClient,
  CloudWatchLogsClient,
  ECRClient,
  ECSClient,
  ElasticLoadBalancingV2Client,
  IAMClient,
  LambdaClient,
  SecretsManagerClient,
  SSMClient,
];

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => {
  for (const { prototype } of clients) {
    // A method of the prototype's own stands in front of the one that all clients share.
    if (Object.hasOwn(prototype, "send")) Reflect.deleteProperty(prototype, "send");
  }
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
