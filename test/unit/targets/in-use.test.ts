import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import {
  GetFunctionCommand,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
} from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import { imagesInEcs, revisionsOf, usesOfTask } from "../../../runner/targets/ecs/in-use.ts";
import { imagesInLambda } from "../../../runner/targets/lambda/in-use.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, fakeContext } from "./fakes.ts";

const ecs = mockClient(ECSClient);
const lambda = mockClient(LambdaClient);
const context = fakeContext();

beforeEach(() => {
  ecs.reset();
  lambda.reset();
});

describe("images in ECS", () => {
  const cluster = (name: string) => `arn:aws:ecs:eu-west-1:111122223333:cluster/${name}`;
  const revision = (name: string) => `arn:aws:ecs:eu-west-1:111122223333:task-definition/${name}`;

  beforeEach(() => {
    ecs
      .on(ListClustersCommand)
      .resolves({ clusterArns: [cluster("shop")], nextToken: "more" })
      .on(ListClustersCommand, { nextToken: "more" })
      .resolves({ clusterArns: [cluster("other")] });
    ecs.on(ListServicesCommand).resolves({ serviceArns: [] });
    ecs.on(ListTasksCommand).resolves({ taskArns: [] });
    ecs.on(DescribeTaskDefinitionCommand).callsFake(async ({ taskDefinition }) => ({
      taskDefinition: {
        containerDefinitions: [{ image: `main of ${taskDefinition}` }, { image: "a sidecar" }],
      },
    }));
  });

  it("are those of every cluster's services, ten services a call, all containers", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    ecs.on(ListServicesCommand, { cluster: cluster("other") }).resolves({ serviceArns: names });
    ecs.on(DescribeServicesCommand).callsFake(async ({ services }) => ({
      services: services.map((serviceName: string) => ({
        serviceName,
        clusterArn: cluster("other"),
        deployments: [{ status: "PRIMARY", taskDefinition: revision("one:1") }],
      })),
    }));
    const uses = await imagesInEcs(context);
    expect(uses).toHaveLength(24);
    expect(uses).toContainEqual({
      reference: `main of ${revision("one:1")}`,
      where: "ecs other/s11",
      why: "PRIMARY deployment, one:1",
    });
    expect(ecs.commandCalls(DescribeServicesCommand)).toHaveLength(2);
    // A task definition is read once, however many services have it.
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)).toHaveLength(1);
  });

  it("are those of tasks that no service runs, too, by the digest they report", async () => {
    ecs.on(ListTasksCommand, { cluster: cluster("shop") }).resolves({ taskArns: ["t"] });
    ecs.on(DescribeTasksCommand).resolves({
      tasks: [
        {
          taskArn: "arn:aws:ecs:eu-west-1:111122223333:task/shop/0123456789abcdef",
          clusterArn: cluster("shop"),
          group: "family:migrate",
          taskDefinitionArn: revision("migrate:2"),
          containers: [{ image: "localhost/ui:latest", imageDigest: "sha256:1" }],
        },
      ],
    });
    expect(await imagesInEcs(context)).toEqual([
      {
        reference: "localhost/ui:latest",
        digest: "sha256:1",
        where: "ecs shop, task 01234567",
        why: "task of migrate:2",
      },
    ]);
  });

  it("a service that is being moved has two", () => {
    const deployments = [
      { status: "PRIMARY", taskDefinition: revision("ui:3") },
      { status: "ACTIVE", taskDefinition: revision("ui:2") },
      { status: "INACTIVE", taskDefinition: revision("ui:1") },
    ];
    const service = { serviceName: "ui", clusterArn: cluster("shop"), deployments };
    expect(revisionsOf(service).map(({ why }) => why)).toEqual([
      "PRIMARY deployment, ui:3",
      "ACTIVE deployment, ui:2",
    ]);
    expect(revisionsOf({ ...service, status: "INACTIVE" })).toEqual([]);
  });

  it("a deployment that failed and has no task left needs nothing, however it is listed", () => {
    const none = { desiredCount: 0, runningCount: 0, pendingCount: 0 };
    const deployments = [
      { status: "PRIMARY", taskDefinition: revision("ui:3"), ...none },
      { status: "ACTIVE", taskDefinition: revision("ui:4"), ...none },
      { status: "ACTIVE", taskDefinition: revision("ui:5"), ...none, runningCount: 1 },
    ];
    const service = { serviceName: "ui", clusterArn: cluster("shop"), deployments };
    expect(revisionsOf(service).map(({ why }) => why)).toEqual([
      "PRIMARY deployment, ui:3",
      "ACTIVE deployment, ui:5",
    ]);
  });

  it("a service of another controller has its task sets'", () => {
    const taskSets = [{ status: "ACTIVE", taskDefinition: revision("ui:2") }];
    expect(revisionsOf({ serviceName: "ui", clusterArn: cluster("shop"), taskSets })[0]?.why).toBe(
      "ACTIVE task set, ui:2",
    );
  });

  it("a service's task says which service's", () => {
    const [use] = usesOfTask({
      clusterArn: cluster("shop"),
      group: "service:ui",
      taskDefinitionArn: revision("ui:2"),
      containers: [{ image: "ui" }, {}],
    });
    expect(use).toEqual({ reference: "ui", where: "ecs shop/ui", why: "task of ui:2" });
  });
});

describe("images in Lambda", () => {
  beforeEach(() => {
    lambda
      .on(ListFunctionsCommand)
      .resolves({ Functions: [{ FunctionName: "zip", PackageType: "Zip" }], NextMarker: "more" })
      .on(ListFunctionsCommand, { Marker: "more" })
      .resolves({ Functions: [{ FunctionName: "checkout", PackageType: "Image" }] });
    lambda
      .on(GetFunctionCommand)
      .callsFake(async ({ Qualifier }) => ({ Code: { ResolvedImageUri: `image ${Qualifier ?? "latest"}` } }));
  });

  it("are $LATEST's and those of all aliases, small shares included", async () => {
    lambda
      .on(ListAliasesCommand)
      .resolves({
        Aliases: [
          {
            Name: "live",
            FunctionVersion: "3",
            RoutingConfig: { AdditionalVersionWeights: { "4": 0.1 } },
          },
        ],
        NextMarker: "more",
      })
      .on(ListAliasesCommand, { Marker: "more" })
      .resolves({
        Aliases: [
          { Name: "old", FunctionVersion: "3" },
          { Name: "edge", FunctionVersion: "$LATEST" },
        ],
      });
    expect(await imagesInLambda(context)).toEqual([
      { reference: "image latest", where: "lambda checkout", why: "$LATEST" },
      { reference: "image latest", where: "lambda checkout:edge", why: "version $LATEST" },
      { reference: "image 3", where: "lambda checkout:live", why: "version 3" },
      { reference: "image 3", where: "lambda checkout:old", why: "version 3" },
      { reference: "image 4", where: "lambda checkout:live", why: "version 4, 10 % of the calls" },
    ]);
    expect(lambda.commandCalls(GetFunctionCommand)).toHaveLength(3);
  });

  it("a function that was deleted meanwhile has none", async () => {
    lambda.on(ListAliasesCommand).rejects(awsError("ResourceNotFoundException"));
    lambda.on(GetFunctionCommand).rejects(awsError("ResourceNotFoundException"));
    expect(await imagesInLambda(context)).toEqual([]);
  });
});
