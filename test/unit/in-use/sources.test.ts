import {
  DescribeServiceCommand,
  ListServicesCommand as ListAppRunnerServices,
} from "@aws-sdk/client-apprunner";
import { DescribeJobDefinitionsCommand } from "@aws-sdk/client-batch";
import { BatchGetProjectsCommand, ListProjectsCommand } from "@aws-sdk/client-codebuild";
import {
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import {
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
} from "@aws-sdk/client-eventbridge";
import { ListCoverageCommand } from "@aws-sdk/client-inspector2";
import {
  GetFunctionCommand,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
} from "@aws-sdk/client-lambda";
import { DescribeModelCommand, ListModelsCommand } from "@aws-sdk/client-sagemaker";
import { GetScheduleCommand, ListSchedulesCommand } from "@aws-sdk/client-scheduler";
import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import { coverageOf } from "../../../runner/in-use/blind-spots.ts";
import { accountUsesIfAllowed } from "../../../runner/in-use/needed.ts";
import { inUseSet } from "../../../runner/in-use/read.ts";
import type { Session } from "../../../runner/session/session.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, sha } from "../registry/fixtures.ts";
import { nothingElseInUse, otherClients } from "./nothing-else.ts";

const account = "111122223333";
const host = `${account}.dkr.ecr.eu-central-1.amazonaws.com`;
const arn = (service: string, name: string) => `arn:aws:${service}:eu-central-1:${account}:${name}`;
const made = new Date("2026-05-01T12:00:00Z");

const settingsOf = (own: object = {}, aws: object = {}): Settings => ({
  ...slipwaySchema.parse(own),
  stack: "dev",
  aws: awsSchema.parse({ region: "eu-central-1", ...aws }),
});

const search = (settings = settingsOf()) =>
  accountUsesIfAllowed(
    {
      directory: ".",
      catalogue: { services: [] },
      settings,
      signal: new AbortController().signal,
      clients: {
        ecs: new ECSClient({ region: "eu-central-1" }),
        lambda: new LambdaClient({ region: "eu-central-1" }),
        ...otherClients(),
      },
    } as unknown as Session,
    [],
  );

const ecsMock = () => mockClient(ECSClient);
let mocks: ReturnType<typeof nothingElseInUse>;
let ofEcs: ReturnType<typeof ecsMock>;

beforeEach(() => {
  mocks = nothingElseInUse();
  ofEcs = ecsMock();
  ofEcs.on(ListClustersCommand).resolves({ clusterArns: [] });
  mockClient(LambdaClient).on(ListFunctionsCommand).resolves({ Functions: [] });
  ofEcs.on(DescribeTaskDefinitionCommand).callsFake(({ taskDefinition }: { taskDefinition: string }) => {
    const name = taskDefinition.split("/").at(-1) ?? "";
    const full = name.includes(":") ? name : `${name}:9`;
    return {
      taskDefinition: {
        taskDefinitionArn: arn("ecs", `task-definition/${full}`),
        containerDefinitions: [{ name: "main", image: `${host}/shop/${full.replace(":", ":r")}` }],
      },
    };
  });
});

describe("what may start an image although nothing runs it now", () => {
  test("an EventBridge rule, disabled or on a bus of its own, by the task definition or the job that it starts", async () => {
    mocks.events.on(ListEventBusesCommand).resolves({ EventBuses: [{ Name: "default" }, { Name: "shop" }] });
    mocks.events.on(ListRulesCommand, { EventBusName: "default" }).resolves({
      Rules: [{ Name: "nightly", State: "ENABLED", EventBusName: "default" }],
    });
    mocks.events.on(ListRulesCommand, { EventBusName: "shop" }).resolves({
      Rules: [{ Name: "orders", State: "DISABLED", EventBusName: "shop" }],
    });
    const target = { Id: "1", Arn: arn("ecs", "cluster/shop") };
    mocks.events.on(ListTargetsByRuleCommand, { Rule: "nightly" }).resolves({
      Targets: [
        { ...target, EcsParameters: { TaskDefinitionArn: arn("ecs", "task-definition/report") } },
        {
          Id: "2",
          Arn: arn("batch", "job-queue/q"),
          BatchParameters: { JobDefinition: "train:3", JobName: "train" },
        },
        { Id: "3", Arn: arn("sqs", "queue") },
      ],
    });
    mocks.events.on(ListTargetsByRuleCommand, { Rule: "orders" }).resolves({
      Targets: [{ ...target, EcsParameters: { TaskDefinitionArn: arn("ecs", "task-definition/orders:4") } }],
    });
    mocks.batch.on(DescribeJobDefinitionsCommand, { jobDefinitions: ["train:3"] }).resolves({
      jobDefinitions: [
        {
          jobDefinitionName: "train",
          jobDefinitionArn: arn("batch", "job-definition/train:3"),
          revision: 3,
          type: "container",
          containerProperties: { image: `${host}/shop/train@${sha("1")}` },
        },
      ],
    });
    const { uses } = await search();
    expect(uses).toEqual([
      {
        reference: `${host}/shop/report:r9`,
        where: "eventbridge rule nightly",
        why: "starts report:9",
        certainty: "starts",
      },
      {
        reference: `${host}/shop/orders:r4`,
        where: "eventbridge rule shop/orders",
        why: "disabled, starts orders:4",
        certainty: "starts",
      },
      {
        reference: `${host}/shop/train@${sha("1")}`,
        where: "eventbridge rule nightly",
        why: "starts train:3",
        certainty: "starts",
      },
    ]);
  });

  test("a schedule of EventBridge Scheduler, also one that calls RunTask itself", async () => {
    const schedule = (Name: string, Arn: string) => ({ Name, GroupName: "jobs", Target: { Arn } });
    const universal = "arn:aws:scheduler:::aws-sdk:ecs:runTask";
    mocks.scheduler.on(ListSchedulesCommand).resolves({
      Schedules: [
        schedule("a", arn("ecs", "cluster/shop")),
        schedule("b", universal),
        schedule("c", arn("lambda", "function:x")),
      ],
    });
    const RoleArn = "arn:aws:iam::111122223333:role/schedule";
    mocks.scheduler.on(GetScheduleCommand, { Name: "a" }).resolves({
      Name: "a",
      GroupName: "jobs",
      State: "ENABLED",
      Target: {
        Arn: arn("ecs", "cluster/shop"),
        RoleArn,
        EcsParameters: { TaskDefinitionArn: arn("ecs", "task-definition/job:1") },
      },
    });
    mocks.scheduler.on(GetScheduleCommand, { Name: "b" }).resolves({
      Name: "b",
      State: "ENABLED",
      Target: {
        Arn: universal,
        RoleArn,
        Input: JSON.stringify({ Cluster: "shop", TaskDefinition: "other:2" }),
      },
    });
    const { uses } = await search();
    expect(uses.map(({ reference, where }) => [where, reference])).toEqual([
      ["schedule jobs/a", `${host}/shop/job:r1`],
      ["schedule b", `${host}/shop/other:r2`],
    ]);
  });

  test("a job definition of AWS Batch, in each of the shapes that it may have", async () => {
    const definition = (name: string, more: object) => ({
      jobDefinitionName: name,
      jobDefinitionArn: arn("batch", `job-definition/${name}:1`),
      revision: 1,
      type: "container",
      ...more,
    });
    mocks.batch.on(DescribeJobDefinitionsCommand).resolves({
      jobDefinitions: [
        definition("one", { containerProperties: { image: "a:1" } }),
        definition("many", { ecsProperties: { taskProperties: [{ containers: [{ image: "b:1" }] }] } }),
        definition("pod", {
          eksProperties: {
            podProperties: { containers: [{ image: "c:1" }], initContainers: [{ image: "d:1" }] },
          },
        }),
        definition("nodes", {
          nodeProperties: {
            numNodes: 2,
            mainNode: 0,
            nodeRangeProperties: [
              { targetNodes: "0:0", container: { image: "e:1" } },
              { targetNodes: "1:1", container: { image: "e:1" } },
            ],
          },
        }),
      ],
    });
    const { uses } = await search();
    expect(uses.map(({ reference }) => reference)).toEqual(["a:1", "b:1", "c:1", "d:1", "e:1"]);
    expect(mocks.batch.commandCalls(DescribeJobDefinitionsCommand)[0]?.args[0].input).toMatchObject({
      status: "ACTIVE",
    });
  });

  test("CodeBuild, SageMaker and App Runner, by what they name", async () => {
    mocks.codebuild.on(ListProjectsCommand).resolves({ projects: ["build"] });
    mocks.codebuild.on(BatchGetProjectsCommand).resolves({
      projects: [
        {
          name: "build",
          environment: {
            type: "LINUX_CONTAINER",
            image: `${host}/shop/tools:1`,
            computeType: "BUILD_GENERAL1_SMALL",
          },
        },
      ],
    });
    mocks.sagemaker.on(ListModelsCommand).resolves({
      Models: [{ ModelName: "taste", ModelArn: arn("sagemaker", "model/taste"), CreationTime: made }],
    });
    mocks.sagemaker.on(DescribeModelCommand).resolves({
      ModelName: "taste",
      ModelArn: arn("sagemaker", "model/taste"),
      CreationTime: made,
      PrimaryContainer: { Image: `${host}/shop/taste@${sha("2")}` },
    });
    const service = {
      ServiceName: "web",
      ServiceId: "0123456789abcdef0123456789abcdef",
      ServiceArn: arn("apprunner", "service/web/0123456789abcdef0123456789abcdef"),
      CreatedAt: made,
      UpdatedAt: made,
      Status: "RUNNING" as const,
    };
    mocks.apprunner.on(ListAppRunnerServices).resolves({ ServiceSummaryList: [service] });
    mocks.apprunner.on(DescribeServiceCommand).resolves({
      Service: {
        ...service,
        SourceConfiguration: {
          ImageRepository: { ImageIdentifier: `${host}/shop/web:latest`, ImageRepositoryType: "ECR" },
        },
        InstanceConfiguration: {},
        AutoScalingConfigurationSummary: {},
        NetworkConfiguration: {},
      },
    });
    const { uses, searched } = await search();
    expect(uses.map(({ where, certainty }) => [where, certainty])).toEqual([
      ["codebuild build", "starts"],
      ["sagemaker model taste", "starts"],
      ["app runner web", undefined],
    ]);
    expect(searched.filter(({ found }) => found > 0).map(({ what }) => what)).toEqual([
      "App Runner services",
      "CodeBuild projects",
      "SageMaker models",
    ]);
  });

  test("what Inspector counts is a hint, and asked for only where enhanced scanning is on", async () => {
    mocks.inspector2.on(ListCoverageCommand).resolves({
      coveredResources: [
        {
          resourceType: "AWS_ECR_CONTAINER_IMAGE",
          resourceId: arn("ecr", `repository/shop/ui/${sha("3")}`),
          accountId: account,
          scanType: "PACKAGE",
          resourceMetadata: { ecrImage: { inUseCount: 2, lastInUseAt: new Date("2026-05-02T01:00:00Z") } },
        },
      ],
    });
    expect((await search()).uses).toEqual([]);
    expect((await search(settingsOf({ scanning: { mode: "enhanced" } }))).uses).toEqual([
      {
        reference: `${host}/shop/ui@${sha("3")}`,
        where: "Inspector",
        why: "2 tasks or pods, last on 2026-05-02",
        certainty: "reported",
      },
    ]);
  });
});

describe("beyond what ECS and Lambda run now", () => {
  const cluster = arn("ecs", "cluster/shop");
  beforeEach(() => {
    ofEcs.on(ListClustersCommand).resolves({ clusterArns: [cluster] });
    ofEcs.on(ListServicesCommand).resolves({ serviceArns: [arn("ecs", "service/shop/ui")] });
    ofEcs.on(ListTasksCommand).resolves({ taskArns: [] });
    ofEcs.on(DescribeServicesCommand).resolves({
      services: [
        {
          serviceName: "ui",
          clusterArn: cluster,
          status: "ACTIVE",
          taskDefinition: arn("ecs", "task-definition/ui:5"),
          deployments: [
            { status: "PRIMARY", taskDefinition: arn("ecs", "task-definition/ui:5"), desiredCount: 1 },
          ],
          currentServiceRevisions: [{ arn: arn("ecs", "service-revision/shop/ui/1") }],
        },
      ],
    });
    ofEcs.on(DescribeServiceRevisionsCommand).resolves({
      serviceRevisions: [
        {
          serviceRevisionArn: arn("ecs", "service-revision/shop/ui/1"),
          taskDefinition: arn("ecs", "task-definition/ui:5"),
          containerImages: [
            { containerName: "main", image: `${host}/shop/ui:r5`, imageDigest: sha("4") },
            { containerName: "proxy", image: `${host}/shop/proxy:stable`, imageDigest: sha("5") },
          ],
        },
      ],
    });
    ofEcs.on(ListTaskDefinitionsCommand).resolves({
      taskDefinitionArns: ["task-definition/ui:6", "task-definition/ui:5", "task-definition/ui:4"].map(
        (name) => arn("ecs", name),
      ),
    });
  });

  test("a sidecar's digest counts that ECS resolved, although its tag has moved to another image", async () => {
    const { uses } = await search();
    const contents = [
      {
        digest: sha("5"),
        tags: [],
        pushedAt: made,
        content: { kind: "manifest" as const, type: "", subject: undefined, blobs: [] },
      },
    ];
    const set = inUseSet({
      stack: "dev",
      repository: "shop/proxy",
      registries: [host],
      account: uses,
      releases: [],
      contents,
    });
    expect(set.get(sha("5"))).toEqual([{ where: "ecs shop/ui", why: "resolved for ui:5" }]);
  });

  test("the newest revisions of a family count, as many as the settings say", async () => {
    const returns = (await search()).uses.filter(({ certainty }) => certainty === "returns");
    expect(returns.map(({ reference, why }) => [reference, why])).toEqual([
      [`${host}/shop/ui:r6`, "revision ui:6"],
      [`${host}/shop/ui:r4`, "revision ui:4"],
    ]);
    const [call] = ofEcs.commandCalls(ListTaskDefinitionsCommand);
    expect(call?.args[0].input).toMatchObject({ familyPrefix: "ui", sort: "DESC", maxResults: 3 });
    const none = await search(settingsOf({ inUse: { revisions: 0 } }));
    expect(none.uses.filter(({ certainty }) => certainty === "returns")).toEqual([]);
  });

  test("a version of a function counts without an alias, since it can be called by its ARN", async () => {
    const lambda = mockClient(LambdaClient);
    lambda.on(ListFunctionsCommand).resolves({ Functions: [{ FunctionName: "f", PackageType: "Image" }] });
    lambda.on(ListAliasesCommand).resolves({ Aliases: [{ Name: "live", FunctionVersion: "2" }] });
    lambda.on(ListVersionsByFunctionCommand).resolves({
      Versions: [{ Version: "$LATEST" }, { Version: "1" }, { Version: "2" }],
    });
    lambda.on(GetFunctionCommand).callsFake(({ Qualifier = "latest" }: { Qualifier?: string }) => ({
      Code: { ResolvedImageUri: `${host}/shop/f:${Qualifier}` },
    }));
    const { uses } = await search();
    expect(uses.filter(({ where }) => where.startsWith("lambda")).map(({ why }) => why)).toEqual([
      "$LATEST",
      "version 2",
      "version 1, no alias",
    ]);
  });

  test("what AWS refuses is a blind spot with its reason, and neither silence nor a failure", async () => {
    ofEcs
      .on(ListTaskDefinitionsCommand)
      .rejects(new UserError({ code: "access-denied", message: "may not call ecs:ListTaskDefinitions" }));
    mocks.codebuild.on(ListProjectsCommand).rejects(awsError("AccountSuspendedException", "not for you"));
    const { uses, searched, refused } = await search();
    expect(refused).toBeUndefined();
    expect(uses.some(({ where }) => where === "ecs shop/ui")).toBe(true);
    const { lookedAt, notLookedAt } = coverageOf(settingsOf(), account, {
      unseen: [],
      searched,
      letIn: new Map(),
    });
    expect(notLookedAt).toContain("CodeBuild projects (not for you)");
    expect(notLookedAt.join()).toContain("may not call ecs:ListTaskDefinitions");
    expect(lookedAt).toContain("SageMaker models");
    expect(lookedAt.join()).not.toContain("CodeBuild");
  });

  test("what is no answer of AWS's is a bug, and not a blind spot", async () => {
    mocks.codebuild.on(ListProjectsCommand).rejects(new TypeError("x is not a function"));
    await expect(search()).rejects.toThrow("x is not a function");
  });
});

test("a stack with a local AWS asks no service of the real one", async () => {
  const local = settingsOf({}, { endpoints: [{ ecs: "http://localhost:1", events: "http://localhost:1" }] });
  const { searched } = await search(local);
  const refused = searched.filter((one) => one.refused?.includes("has no address"));
  expect(refused.map(({ what }) => what)).toContain("SageMaker models");
  expect(refused.map(({ what }) => what).join()).not.toContain("EventBridge rules");
  expect(mocks.sagemaker.commandCalls(ListModelsCommand)).toHaveLength(0);
});

test("another account is searched with the profile that the settings have, and is a blind spot by name without", async () => {
  const settings = settingsOf({
    inUse: { profiles: { "444455556666": "no-such-profile" } },
    repositories: {
      pullPrincipals: ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:root"],
    },
  });
  const { searched } = await search(settings);
  const { notLookedAt } = coverageOf(settings, account, { unseen: [], searched, letIn: new Map() });
  expect(notLookedAt).toContain("account 777788889999, which may pull");
  expect(notLookedAt.filter((one) => one.includes("444455556666"))).toEqual([
    expect.stringMatching(/^what runs in account 444455556666 \(profile no-such-profile\) \(.+\)$/),
  ]);
});
