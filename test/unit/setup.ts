import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, afterEach, expect, vi } from "vitest";
import { UserError } from "../../config/problems/errors.ts";

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

/** Problems of this test whose words only a programmer understands. */
const unreadable: string[] = [];

// What a test makes fail, a user can see: the text of every UserError is read. A setter of the prototype sees
// each, because the constructor assigns the name after the message.
Object.defineProperty(UserError.prototype, "name", {
  configurable: true,
  get: () => "Error",
  set(this: UserError, name: string) {
    Object.defineProperty(this, "name", {
      value: name,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    if (/\bundefined\b|\[object Object\]|\bNaN\b|^ {2}value: null$/m.test(this.message)) {
      unreadable.push(this.message);
    }
  },
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(unreadable.splice(0)).toEqual([]);
});

afterAll(() => {
  for (const { prototype } of clients) {
    // A method of the prototype's own stands in front of the one that all clients share.
    if (Object.hasOwn(prototype, "send")) Reflect.deleteProperty(prototype, "send");
  }
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
