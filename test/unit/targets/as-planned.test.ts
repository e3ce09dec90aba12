import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, test } from "vitest";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { ecsKind } from "../../../runner/targets/ecs/kind.ts";
import { lambdaKind } from "../../../runner/targets/lambda/kind.ts";
import type { LambdaState } from "../../../runner/targets/lambda/state.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { deployment, foundState, newReference, service, target } from "./ecs/builders.ts";
import { awsError, fakeContext, image } from "./fakes.ts";

const ecs = mockClient(ECSClient);
const lambda = mockClient(LambdaClient);

beforeEach(() => {
  ecs.reset();
  lambda.reset();
});

describe("an ECS service", () => {
  const plan = ecsKind.plan("ui", target, foundState(), image);
  const isAsPlanned = async (...services: ReturnType<typeof service>[]) => {
    ecs.on(DescribeServicesCommand).resolves({ services });
    return ecsKind.isAsPlanned(plan, fakeContext());
  };

  test("is as planned when the same deployment is its primary one, whatever else became of it", async () => {
    expect(await isAsPlanned(service([deployment(1)], { desiredCount: 5, runningCount: 3 }))).toBe(true);
    expect(ecs.calls()).toHaveLength(1);
  });

  test.each([
    ["moved to another revision", [service([deployment(2)])]],
    ["deployed anew on the same revision", [service([deployment(1, { id: "ecs-svc/9" })])]],
    ["being deleted", [service([deployment(1)], { status: "DRAINING" })]],
    ["gone", []],
  ])("is not when it is %s", async (_, services) => {
    expect(await isAsPlanned(...services)).toBe(false);
  });
});

describe("a function", () => {
  const pay: LambdaTarget = { kind: "lambda", function: "pay", alias: "live", timeoutSeconds: 60, order: 0 };
  const found = (alias: { version: string; weights?: Record<string, number> } | undefined): LambdaState => ({
    kind: "found",
    region: "eu-west-1",
    functionName: "pay",
    packageType: "Image",
    architecture: "x86_64",
    latest: { image: newReference, settled: true },
    alias: alias === undefined ? undefined : { image: newReference, weights: {}, ...alias },
    problems: [],
  });
  const isAsPlanned = (state: LambdaState) =>
    lambdaKind.isAsPlanned(lambdaKind.plan("ui", pay, state, image), fakeContext());

  test("is as planned while its alias stays on the version", async () => {
    lambda.on(GetAliasCommand).resolves({ FunctionVersion: "4" });
    expect(await isAsPlanned(found({ version: "4" }))).toBe(true);
    expect(await isAsPlanned(found({ version: "3" }))).toBe(false);
    expect(await isAsPlanned(found(undefined))).toBe(false);
  });

  test("is not as planned when somebody has begun to shift it, or has ended a shift", async () => {
    const weights = { "5": 0.1 };
    lambda
      .on(GetAliasCommand)
      .resolves({ FunctionVersion: "4", RoutingConfig: { AdditionalVersionWeights: weights } });
    expect(await isAsPlanned(found({ version: "4" }))).toBe(false);
    expect(await isAsPlanned(found({ version: "4", weights }))).toBe(true);
    lambda.on(GetAliasCommand).resolves({ FunctionVersion: "4" });
    expect(await isAsPlanned(found({ version: "4", weights }))).toBe(false);
  });

  test("is as planned while there is no alias still", async () => {
    lambda.on(GetAliasCommand).rejects(awsError("ResourceNotFoundException"));
    expect(await isAsPlanned(found(undefined))).toBe(true);
    expect(await isAsPlanned(found({ version: "4" }))).toBe(false);
  });
});
