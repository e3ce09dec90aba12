import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { BatchGetImageCommand, DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { DescribeTaskDefinitionCommand, ECSClient } from "@aws-sdk/client-ecs";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { DescribeSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { beforeEach, describe, expect, it } from "vitest";
import { toUserError } from "../../../../../runner/aws/errors.ts";
import { sourceOf } from "../../../../../runner/targets/ecs/verify/secrets.ts";
import { verifyEcs } from "../../../../../runner/targets/ecs/verify/verify.ts";
import { trusts } from "../../../../../runner/targets/roles.ts";
import { mockClient } from "../../../../aws/mock-client.ts";
import { notFound } from "../../../registry/fixtures.ts";
import { awsError, fakeContext, image, sha } from "../../fakes.ts";
import { deployment, foundState, oldReference, service, target, taskDefinition } from "../builders.ts";

const mocks = {
  iam: mockClient(IAMClient),
  secrets: mockClient(SecretsManagerClient),
  ssm: mockClient(SSMClient),
  logs: mockClient(CloudWatchLogsClient),
  ecr: mockClient(ECRClient),
  cloudwatch: mockClient(CloudWatchClient),
  ecs: mockClient(ECSClient),
};

const trust = (principal: string) =>
  encodeURIComponent(
    JSON.stringify({
      Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: principal } }],
    }),
  );
const role = (AssumeRolePolicyDocument: string) => ({
  ...{ Path: "/", RoleName: "task", RoleId: "AROAEXAMPLE", Arn: "arn:aws:iam::111122223333:role/task" },
  CreateDate: new Date(1_700_000_000_000),
  AssumeRolePolicyDocument,
});
const secretArn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";
const index = (...architectures: string[]) => ({
  images: [
    {
      imageId: { imageDigest: sha("0") },
      imageManifest: JSON.stringify({
        manifests: architectures.map((architecture) => ({
          digest: sha("a"),
          platform: { os: "linux", architecture },
        })),
      }),
    },
  ],
});

const definition = taskDefinition(1, oldReference, {
  executionRoleArn: "arn:aws:iam::111122223333:role/shop/start",
  taskRoleArn: "arn:aws:iam::111122223333:role/task",
});
const [ui, proxy] = definition.containerDefinitions;
const full = {
  ...definition,
  containerDefinitions: [
    {
      ...ui,
      name: "ui",
      secrets: [
        { name: "DB", valueFrom: `${secretArn}:password::` },
        { name: "KEY", valueFrom: "/shop/key" },
      ],
    },
    { ...proxy, name: "proxy" },
  ],
};

beforeEach(() => {
  for (const mock of Object.values(mocks)) mock.reset();
  mocks.iam.on(GetRoleCommand).resolves({
    Role: role(trust("ecs-tasks.amazonaws.com")),
  });
  mocks.secrets.on(DescribeSecretCommand).resolves({});
  mocks.ssm.on(GetParametersCommand).resolves({ InvalidParameters: [] });
  mocks.logs.on(DescribeLogStreamsCommand).resolves({});
  mocks.ecr.on(BatchGetImageCommand).resolves(index("amd64", "arm64"));
});

const verify = (
  { moved = false, deploymentAlarms = undefined as { alarms: string[]; rollback: boolean } | undefined } = {},
  state = foundState(service([deployment(1)]), full),
) =>
  verifyEcs(
    { ...target, ...(deploymentAlarms && { deploymentAlarms }) },
    state,
    { image: moved ? image : undefined, registry: "localhost:5000" },
    fakeContext(),
  );
const states = async (...words: Parameters<typeof verify>) =>
  Object.fromEntries((await verify(...words)).map(({ name, state }) => [name, state]));
const one = async (name: string, ...words: Parameters<typeof verify>) =>
  (await verify(...words)).find((check) => check.name === name);

describe("verifying an ECS service", () => {
  it("checks all that its tasks need", async () => {
    expect(await states()).toEqual({
      service: "ok",
      "execution role start": "ok",
      "task role task": "ok",
      "secret db-AbCdEf": "ok",
      "parameter /shop/key": "ok",
      "log group /shop/ui": "ok",
      "image of ui": "ok",
      "image of proxy": "not checked",
    });
    expect(mocks.iam.commandCalls(GetRoleCommand)[0]?.args[0].input).toEqual({ RoleName: "start" });
    expect(mocks.secrets.commandCalls(DescribeSecretCommand)[0]?.args[0].input).toEqual({
      SecretId: secretArn,
    });
  });

  it("says what is not there", async () => {
    mocks.iam.on(GetRoleCommand, { RoleName: "task" }).rejects(awsError("NoSuchEntityException"));
    mocks.secrets.on(DescribeSecretCommand).rejects(awsError("ResourceNotFoundException"));
    mocks.ssm.on(GetParametersCommand).resolves({ InvalidParameters: ["/shop/key"] });
    mocks.logs.on(DescribeLogStreamsCommand).rejects(awsError("ResourceNotFoundException"));
    mocks.ecr.on(BatchGetImageCommand).resolves(notFound);
    mocks.ecr.on(DescribeImagesCommand).rejects(awsError("ImageNotFoundException"));
    expect(await states()).toMatchObject({
      "execution role start": "ok",
      "task role task": "fail",
      "secret db-AbCdEf": "fail",
      "parameter /shop/key": "fail",
      "log group /shop/ui": "fail",
      "image of ui": "fail",
    });
  });

  describe("of which an earlier release's revision is to be set again", () => {
    const left = {
      ...full,
      taskDefinitionArn: "arn:aws:ecs:eu-west-1:111122223333:task-definition/ui:7",
      taskRoleArn: "arn:aws:iam::111122223333:role/task-of-old",
    };
    const [own] = full.containerDefinitions;
    const verifyEarlier = (revision: object) => {
      mocks.ecs.on(DescribeTaskDefinitionCommand, { taskDefinition: "ui:7" }).resolves({
        taskDefinition: { ...left, ...revision } as never,
      });
      return verifyEcs(
        target,
        foundState(service([deployment(1)]), full),
        { image, registry: "localhost:5000", reuse: "ui:7" },
        fakeContext(),
      );
    };
    const asReleased = {
      containerDefinitions: [{ ...own, image: `localhost:5000/shop/ui@${image.digest}` }],
    };

    it("checks that one, whose roles and secrets may be others", async () => {
      const found = await verifyEarlier(asReleased);
      expect(found.map(({ name }) => name)).toContain("task role task-of-old");
      expect(found.map(({ name }) => name)).not.toContain("task role task");
    });

    it("fails when it can't be set again", async () => {
      const gone = {
        state: "fail",
        fix: expect.stringContaining("without --with-task-definition") as string,
      };
      expect((await verifyEarlier({ ...asReleased, status: "INACTIVE" })).at(-1)).toMatchObject({
        ...gone,
        name: "revision ui:7",
      });
      expect((await verifyEarlier({})).at(-1)).toMatchObject(gone);
      mocks.ecs.on(DescribeTaskDefinitionCommand).rejects(awsError("ClientException"));
      const refused = await verifyEcs(
        target,
        foundState(service([deployment(1)]), full),
        { image, registry: "localhost:5000", reuse: "ui:8" },
        fakeContext(),
      );
      expect(refused.at(-1)).toMatchObject({ ...gone, message: "no longer exists" });
    });
  });

  it("says when a role does not trust ECS's tasks", async () => {
    mocks.iam.on(GetRoleCommand).resolves({
      Role: role(trust("lambda.amazonaws.com")),
    });
    expect(await one("task role task")).toMatchObject({
      state: "fail",
      message: "does not trust ecs-tasks.amazonaws.com, which has to assume it",
    });
  });

  it("takes no fault from a call that it may not make, and says which", async () => {
    const refusal = Object.assign(
      new Error(
        "User: arn:aws:iam::1:user/ci is not authorized to perform: iam:GetRole on resource: role task",
      ),
      { name: "AccessDenied" },
    );
    const call = { service: "iam", operation: "GetRole", region: "eu-west-1" };
    const denied = toUserError(refusal, call) as Error;
    mocks.iam.on(GetRoleCommand).rejects(denied);
    expect(await one("task role task")).toEqual({
      name: "task role task",
      state: "not checked",
      message: "not checked: may not call iam:GetRole",
    });
  });

  it("says when a secret is being deleted", async () => {
    mocks.secrets.on(DescribeSecretCommand).resolves({ DeletedDate: new Date() });
    expect(await one("secret db-AbCdEf")).toMatchObject({ state: "fail" });
  });

  it("says when an image is not built for the tasks' platform", async () => {
    mocks.ecr.on(BatchGetImageCommand).resolves(index("arm64"));
    expect((await one("image of ui"))?.message).toContain(
      "is built for linux/arm64 only, and the tasks run on linux/amd64",
    );
  });

  it("does not look for what is about to be pushed", async () => {
    expect(await one("image of ui", { moved: true })).toBeUndefined();
    expect(mocks.ecr.calls()).toEqual([]);
  });

  it("leaves log groups to ECS that are made when they are needed", async () => {
    const options = { "awslogs-group": "/shop/ui", "awslogs-create-group": "true" };
    const made = {
      ...full,
      containerDefinitions: [
        { name: "ui", image: oldReference, logConfiguration: { logDriver: "awslogs", options } },
      ],
    };
    const state = foundState(service([deployment(1)]), made);
    expect(await one("log group /shop/ui", {}, state)).toMatchObject({ state: "ok" });
    expect(mocks.logs.calls()).toEqual([]);
  });

  it("looks for the alarms that are to end a deployment", async () => {
    mocks.cloudwatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [{ AlarmName: "ui-cpu" }] });
    const deploymentAlarms = { alarms: ["ui-cpu", "ui-cpo"], rollback: true };
    expect(await one("deployment alarms", { deploymentAlarms })).toMatchObject({
      state: "fail",
      message: "the alarm does not exist: ui-cpo",
    });
  });

  it("says when an alarm fires already: ECS then watches none of them", async () => {
    mocks.cloudwatch
      .on(DescribeAlarmsCommand)
      .resolves({ MetricAlarms: [{ AlarmName: "ui-cpu", StateValue: "ALARM" }] });
    expect(
      await one("deployment alarms", { deploymentAlarms: { alarms: ["ui-cpu"], rollback: true } }),
    ).toMatchObject({
      state: "not checked",
      message: expect.stringContaining("ui-cpu in ALARM"),
    });
  });

  it("finds secrets without a role that could read them", async () => {
    const without = { ...full, executionRoleArn: undefined };
    const state = foundState(service([deployment(1)]), without);
    expect(await one("execution role", {}, state)).toMatchObject({ state: "fail" });
  });

  it("says what stands in the way of a service that can't be used", async () => {
    const problems = [
      { code: "unknown-service", message: "the cluster has no such service", value: "uii" } as const,
    ];
    expect(await verify({}, { kind: "unusable", problems })).toEqual([
      { name: "service", state: "fail", message: "the cluster has no such service: uii" },
    ]);
  });
});

describe("what a valueFrom names", () => {
  it.each([
    [`${secretArn}:key:AWSCURRENT:`, "secret", secretArn, "eu-west-1"],
    [secretArn, "secret", secretArn, "eu-west-1"],
    ["/shop/key", "parameter", "/shop/key", undefined],
    [
      "arn:aws:ssm:us-east-1:1:parameter/key",
      "parameter",
      "arn:aws:ssm:us-east-1:1:parameter/key",
      "us-east-1",
    ],
  ])("%s", (valueFrom, kind, id, region) => {
    expect(sourceOf(valueFrom)).toEqual({ kind, id, region });
  });
});

describe("a trust policy", () => {
  const policy = (statement: object) => JSON.stringify({ Statement: statement });
  it.each([
    [
      policy({
        Effect: "Allow",
        Action: ["sts:TagSession", "sts:AssumeRole"],
        Principal: { Service: ["a", "x"] },
      }),
      true,
    ],
    [policy({ Effect: "Deny", Action: "sts:AssumeRole", Principal: { Service: "x" } }), false],
    [
      policy({ Effect: "Allow", Action: "sts:AssumeRoleWithWebIdentity", Principal: { Service: "x" } }),
      false,
    ],
    [policy({ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: "x" } }), false],
    ["", false],
  ])("%s: %s", (text, expected) => {
    expect(trusts(text, "x")).toBe(expected);
  });
});
