import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import type { LambdaTarget } from "../../../../config/targets/lambda/target.ts";
import type { LambdaState } from "../../../../runner/targets/lambda/state.ts";
import { verifyLambda } from "../../../../runner/targets/lambda/verify.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { awsError, fakeContext } from "../fakes.ts";

const iam = mockClient(IAMClient);
const lambda = mockClient(LambdaClient);
const role = "arn:aws:iam::111122223333:role/checkout";
const target = {
  kind: "lambda",
  function: "checkout",
  alias: "live",
  timeoutSeconds: 60,
  order: 0,
} as unknown as LambdaTarget;
const found: LambdaState = {
  kind: "found",
  region: "eu-west-1",
  functionName: "checkout",
  packageType: "Image",
  architecture: "arm64",
  latest: { image: undefined, settled: true },
  alias: { version: "4", image: undefined, weights: {} },
  problems: [],
};

beforeEach(() => {
  iam.reset();
  lambda.reset();
  lambda.on(GetFunctionConfigurationCommand).resolves({
    Role: role,
    FunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:checkout",
  });
  trusted("lambda.amazonaws.com");
});

function trusted(by: string) {
  const policy = { Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: by } }] };
  iam.on(GetRoleCommand).resolves({ Role: roleThatTrusts(encodeURIComponent(JSON.stringify(policy))) });
}

const roleThatTrusts = (AssumeRolePolicyDocument: string) => ({
  ...{ Path: "/", RoleName: "pay", RoleId: "AROAEXAMPLE", Arn: role },
  CreateDate: new Date(1_700_000_000_000),
  AssumeRolePolicyDocument,
});

const verify = (
  state: LambdaState = found,
  registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
  wanted = target,
) => verifyLambda(wanted, state, { image: undefined, registry }, fakeContext());

describe("verifying a function", () => {
  it("checks function, alias, registry and role", async () => {
    expect(await verify()).toMatchObject([
      { name: "function", state: "ok", message: "runs on arm64" },
      { name: "alias live", state: "ok", message: "is on version 4" },
      { name: "registry", state: "ok" },
      { name: "execution role checkout", state: "ok" },
    ]);
  });

  it("refuses a registry in another region", async () => {
    const checks = await verify(found, "111122223333.dkr.ecr.us-east-1.amazonaws.com");
    expect(checks.find(({ name }) => name === "registry")).toMatchObject({ state: "fail" });
  });

  it("refuses a role that is not there, or that does not trust Lambda", async () => {
    trusted("ecs-tasks.amazonaws.com");
    expect((await verify()).at(-1)?.message).toContain("does not trust lambda.amazonaws.com");
    iam.on(GetRoleCommand).rejects(awsError("NoSuchEntityException"));
    expect((await verify()).at(-1)?.message).toBe("there is no such role");
  });

  it("looks at the role that a missing function is to be created with", async () => {
    const missing: LambdaState = { kind: "missing", region: "eu-west-1", problems: [] };
    const create = { role, architecture: "arm64" } as never;
    const checks = await verify(missing, undefined, { ...target, create });
    expect(checks.map(({ name, state }) => [name, state])).toEqual([
      ["function", "ok"],
      ["registry", "ok"],
      ["execution role checkout", "ok"],
    ]);
  });

  it("says what stands in the way of a function that is not there", async () => {
    const problems = [
      { code: "unknown-function", message: "there is no such function", fix: "create it" } as const,
    ];
    expect(await verify({ kind: "missing", region: "eu-west-1", problems })).toEqual([
      { name: "function", state: "fail", message: "there is no such function", fix: "create it" },
    ]);
  });
});
