import { GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { sourcesOf } from "../../../runner/targets/ecs/logs.ts";
import type { ContainerDefinition, TaskDefinition } from "../../../runner/targets/ecs/state.ts";
import { logsOfLambda } from "../../../runner/targets/lambda/logs.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, fakeContext } from "./fakes.ts";

const lambda = mockClient(LambdaClient);

function definition(...containerDefinitions: ContainerDefinition[]): TaskDefinition {
  return { taskDefinitionArn: "arn", family: "ui", revision: 1, containerDefinitions };
}

const awslogs = (more: Record<string, string> = {}) => ({
  logDriver: "awslogs",
  options: { "awslogs-group": "/shop/ui", "awslogs-region": "eu-west-1", ...more },
});
const sources = (logConfiguration?: ContainerDefinition["logConfiguration"]) =>
  sourcesOf(
    definition({ name: "ui", ...(logConfiguration === undefined ? {} : { logConfiguration }) }),
    "ui",
    "eu-west-1",
  );

describe("where an ECS service logs to", () => {
  it("is each container's streams, those of the service's own without its name", () => {
    const prefix = awslogs({ "awslogs-stream-prefix": "shop" });
    const found = sourcesOf(
      definition({ name: "ui", logConfiguration: prefix }, { name: "proxy", logConfiguration: prefix }),
      "ui",
      "eu-west-1",
    );
    expect(found).toEqual([
      { place: "cloudwatch", group: "/shop/ui", streams: { kind: "prefix", prefix: "shop/ui/" } },
      {
        container: "proxy",
        place: "cloudwatch",
        group: "/shop/ui",
        streams: { kind: "prefix", prefix: "shop/proxy/" },
      },
    ]);
  });

  it("is the whole group without a prefix", () => {
    expect(sources(awslogs())).toEqual([
      { place: "cloudwatch", group: "/shop/ui", streams: { kind: "all" } },
    ]);
  });

  it.each([
    [
      "another region's group",
      awslogs({ "awslogs-region": "us-east-1" }),
      "it logs to /shop/ui in us-east-1",
    ],
    [
      "another driver's place, without its secrets",
      { logDriver: "splunk", options: { "splunk-url": "https://splunk:8088", "splunk-token": "s3cret" } },
      "its log driver is splunk (splunk-url https://splunk:8088)",
    ],
    [
      "a router's",
      { logDriver: "awsfirelens", options: null },
      "its log driver is awsfirelens: look where awsfirelens sends them",
    ],
    ["nowhere", undefined, "it has no logConfiguration: its lines stay with the container's own Docker"],
  ])("is said when it is %s", (_, configuration, description) => {
    expect(sources(configuration)).toEqual([{ place: "elsewhere", description }]);
  });
});

describe("where a function logs to", () => {
  const pay: LambdaTarget = { kind: "lambda", function: "pay", alias: "live", timeoutSeconds: 60, order: 0 };
  const found = (LoggingConfig?: { LogGroup: string }) => {
    lambda.on(GetFunctionCommand).resolves({
      Configuration: { FunctionName: "pay", ...(LoggingConfig === undefined ? {} : { LoggingConfig }) },
    });
    return logsOfLambda("pay", pay, fakeContext());
  };

  beforeEach(() => lambda.reset());

  it("is its own group", async () => {
    expect(await found()).toMatchObject([{ group: "/aws/lambda/pay", streams: { kind: "all" } }]);
  });

  it("is its streams in a group that is set, and that others may use, too", async () => {
    const streams = { kind: "function", name: "pay" };
    expect(await found({ LogGroup: "/shop/functions" })).toMatchObject([
      { group: "/shop/functions", streams },
    ]);
  });

  it("is said when there is no such function", async () => {
    lambda.on(GetFunctionCommand).rejects(awsError("ResourceNotFoundException"));
    expect(await logsOfLambda("pay", pay, fakeContext())).toMatchObject([
      { place: "elsewhere", description: "there is no function pay" },
    ]);
  });
});
