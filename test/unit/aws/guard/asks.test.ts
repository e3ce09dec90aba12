import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { permissions } from "../../../../config/permissions/permissions.ts";
import { asks, asksOf } from "../../../aws/guard/asks.ts";
import { registryAsks } from "../../../aws/guard/registry.ts";
import { callsOfTheRunner } from "../../config/permissions/runner-calls.ts";

const place = { partition: "aws", region: "eu-central-1", account: "111122223333" };
const arn = (service: string, name: string) => `arn:aws:${service}:eu-central-1:111122223333:${name}`;
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

/** Each as `action on what with which conditions`. */
const asked = (service: string, operation: string, input: object) =>
  asksOf(service, operation, input, place).map(({ action, resource, context }) =>
    [action, resource, ...Object.entries(context ?? {}).map(([key, value]) => `${key}=${value}`)].join(" "),
  );
const inShop = `ecs:cluster=${arn("ecs", "cluster/shop")}`;

describe("a call is asked about", () => {
  test("on the service in its cluster, by name and by ARN", () => {
    const service = `ecs:UpdateService ${arn("ecs", "service/shop/ui")} ${inShop}`;
    expect(asked("ecs", "UpdateService", { cluster: "shop", service: "ui" })).toEqual([service]);
    const [cluster, named] = [arn("ecs", "cluster/shop"), arn("ecs", "service/shop/ui")];
    expect(asked("ecs", "UpdateService", { cluster, service: named })).toEqual([service]);
  });

  test("for each service, task and parameter that it names", () => {
    expect(asked("ecs", "DescribeServices", { cluster: "shop", services: ["ui", "cart"] })).toHaveLength(2);
    expect(asked("ssm", "GetParameters", { Names: ["/shop/a", "b"] })).toEqual([
      `ssm:GetParameters ${arn("ssm", "parameter/shop/a")}`,
      `ssm:GetParameters ${arn("ssm", "parameter/b")}`,
    ]);
  });

  test("on the deployment and on the service that it is of", () => {
    const deployment = arn("ecs", "service-deployment/shop/ui/1");
    expect(asked("ecs", "DescribeServiceDeployments", { serviceDeploymentArns: [deployment] })).toEqual([
      `ecs:DescribeServiceDeployments ${deployment} ${inShop}`,
      `ecs:DescribeServiceDeployments ${arn("ecs", "service/shop/ui")} ${inShop}`,
    ]);
  });

  test("with the roles that a revision passes to its tasks, and the tags that it is made with", () => {
    const input = {
      family: "ui",
      taskRoleArn: role("task"),
      executionRoleArn: role("start"),
      tags: [{ key: "a", value: "b" }],
    };
    expect(asked("ecs", "RegisterTaskDefinition", input)).toEqual([
      `ecs:RegisterTaskDefinition ${arn("ecs", "task-definition/ui:*")}`,
      `ecs:TagResource ${arn("ecs", "task-definition/ui:*")} ecs:CreateAction=RegisterTaskDefinition`,
      `iam:PassRole ${role("task")} iam:PassedToService=ecs-tasks.amazonaws.com`,
      `iam:PassRole ${role("start")} iam:PassedToService=ecs-tasks.amazonaws.com`,
    ]);
    expect(asked("ecs", "RegisterTaskDefinition", { family: "ui", tags: [] })).toHaveLength(1);
  });

  test("with the roles that ECS takes on for hooks and volumes", () => {
    const deploymentConfiguration = { lifecycleHooks: [{ roleArn: role("hook") }] };
    expect(
      asked("ecs", "UpdateService", { cluster: "shop", service: "ui", deploymentConfiguration }),
    ).toEqual([
      `ecs:UpdateService ${arn("ecs", "service/shop/ui")} ${inShop}`,
      `iam:PassRole ${role("hook")} iam:PassedToService=ecs.amazonaws.com`,
    ]);
    const volumeConfigurations = [{ managedEBSVolume: { roleArn: role("disk") } }];
    const run = {
      cluster: "shop",
      taskDefinition: "ui:3",
      volumeConfigurations,
      propagateTags: "TASK_DEFINITION",
    };
    expect(asked("ecs", "RunTask", run)).toEqual([
      `ecs:RunTask ${arn("ecs", "task-definition/ui:3")} ${inShop}`,
      `ecs:TagResource ${arn("ecs", "task/shop/*")} ecs:CreateAction=RunTask`,
      `iam:PassRole ${role("disk")} iam:PassedToService=ecs.amazonaws.com`,
    ]);
  });

  test("on the version or alias of a function that it names", () => {
    expect(asked("lambda", "Invoke", { FunctionName: "pay", Qualifier: "3" })).toEqual([
      `lambda:InvokeFunction ${arn("lambda", "function:pay:3")}`,
    ]);
    expect(asked("lambda", "GetFunction", { FunctionName: "pay" })).toEqual([
      `lambda:GetFunction ${arn("lambda", "function:pay")}`,
    ]);
  });

  test("with the role of a new function, and with what Lambda asks of its image", () => {
    const ImageUri = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/pay@sha256:1";
    const input = { FunctionName: "pay", Role: role("pay"), Code: { ImageUri } };
    expect(asked("lambda", "CreateFunction", input)).toEqual([
      `lambda:CreateFunction ${arn("lambda", "function:pay")}`,
      `iam:PassRole ${role("pay")} iam:PassedToService=lambda.amazonaws.com`,
      `ecr:GetRepositoryPolicy ${arn("ecr", "repository/shop/pay")}`,
    ]);
  });

  test("on the registry's account, where it names another", () => {
    expect(asked("ecr", "ListImageReferrers", { repositoryName: "ui", registryId: "444455556666" })).toEqual([
      "ecr:BatchGetImage arn:aws:ecr:eu-central-1:444455556666:repository/ui",
    ]);
  });

  test("and is no silent yes when nobody has said what it needs", () => {
    expect(() => asked("ecs", "DeleteService", {})).toThrow(/ecs:DeleteService.*add it to/);
  });
});

test.each([
  ["GET", "/v2/", []],
  ["HEAD", "/v2/shop/ui/manifests/latest", ["ecr:BatchGetImage"]],
  ["PUT", "/v2/shop/ui/manifests/sha256:1", ["ecr:PutImage"]],
  ["GET", "/v2/shop/ui/blobs/sha256:1", ["ecr:GetDownloadUrlForLayer"]],
  ["HEAD", "/v2/shop/ui/blobs/sha256:1", ["ecr:BatchCheckLayerAvailability"]],
  ["POST", "/v2/shop/ui/blobs/uploads/", ["ecr:InitiateLayerUpload"]],
  ["PATCH", "/v2/shop/ui/blobs/uploads/1?_state=2", ["ecr:UploadLayerPart"]],
  ["PUT", "/v2/shop/ui/blobs/uploads/1?digest=sha256:1", ["ecr:CompleteLayerUpload"]],
  ["GET", "/v2/shop/ui/referrers/sha256:1", ["ecr:BatchGetImage"]],
])("the registry's %s %s needs %j", (method, url, actions) => {
  const found = registryAsks({ method, url }, place);
  expect(found.map(({ action }) => action)).toEqual(actions);
  for (const { resource } of found) expect(resource).toBe(arn("ecr", "repository/shop/ui"));
});

test("a layer of another repository is read there, and put here", () => {
  const url = "/v2/shop/ui/blobs/uploads/?mount=sha256:1&from=shop/base";
  expect(registryAsks({ method: "POST", url }, place)).toEqual([
    { action: "ecr:InitiateLayerUpload", resource: arn("ecr", "repository/shop/ui") },
    { action: "ecr:GetDownloadUrlForLayer", resource: arn("ecr", "repository/shop/base") },
  ]);
});

/** Name that requests are signed with, where it is not the prefix of the actions. */
const signedAs: Readonly<Record<string, string>> = { cloudwatch: "monitoring" };

test("what every call of the runner needs is known", () => {
  const unknown = callsOfTheRunner()
    .filter(({ file }) => file !== "aws/credentials.ts")
    .filter(({ service, call }) => asks[signedAs[service] ?? service]?.[call] === undefined);
  expect(unknown).toEqual([]);
});

test("no call needs what the table of permissions does not have, or what IAM does not know", () => {
  const reference = readFileSync(
    join(import.meta.dirname, "../../config/permissions/authorization-reference.txt"),
    "utf8",
  );
  const known = reference.split("\n").flatMap((line) => {
    const [service, , ...names] = line.split(" ");
    return names.map((name) => `${service}:${name}`);
  });
  const input = {
    ...{ cluster: "a", services: ["b"], service: "b", tasks: ["c"], task: "c", containerInstances: ["d"] },
    ...{ family: "e", taskDefinition: "e:1", tags: [{}], taskRoleArn: role("f"), Role: role("f") },
    ...{ serviceDeploymentArns: [arn("ecs", "service-deployment/a/b/1")], Names: ["g"] },
    ...{ serviceRevisionArns: [arn("ecs", "service-revision/a/b/1")], ImageUri: "host/image:1" },
  };
  const needed = Object.entries(asks).flatMap(([service, calls]) =>
    Object.keys(calls).flatMap((call) => asksOf(service, call, input, place)),
  );
  const granted = permissions.map(({ action }) => action);
  for (const { action } of needed) {
    expect(known).toContain(action);
    expect(granted).toContain(action);
  }
});
