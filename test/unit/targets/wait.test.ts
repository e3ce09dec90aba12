import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  type Service,
} from "@aws-sdk/client-ecs";
import {
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { beforeEach, describe, expect, it } from "vitest";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { createEcsKind } from "../../../runner/targets/ecs/kind.ts";
import { createLambdaKind } from "../../../runner/targets/lambda/kind.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { deployment, revision, service, target, task, taskDefinition } from "./ecs/builders.ts";
import { awsError, fakeClock, fakeContext } from "./fakes.ts";

const ecs = mockClient(ECSClient);
const lambda = mockClient(LambdaClient);

beforeEach(() => {
  ecs.reset();
  lambda.reset();
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [] });
  ecs.on(DescribeTaskDefinitionCommand).callsFake(({ taskDefinition: arn }: { taskDefinition: string }) => {
    const number = Number(arn.split(":").at(-1));
    return Promise.resolve({ taskDefinition: taskDefinition(number, `elsewhere/ui:${number}`) });
  });
  const tasks = [task("t1", 2), task("t2", 2)];
  ecs.on(ListTasksCommand).resolves({ taskArns: tasks.map(({ taskArn }) => taskArn ?? "") });
  ecs.on(DescribeTasksCommand).resolves({ tasks });
});

describe("waiting for an ECS service", () => {
  function shows(...services: Service[]) {
    const behaviour = ecs.on(DescribeServicesCommand);
    for (const one of services) behaviour.resolvesOnce({ services: [one] });
    behaviour.resolves({ services: [services.at(-1) as Service] });
  }
  const wait = () => createEcsKind(fakeClock()).wait("ui", target, "localhost:5000", fakeContext());
  const inProgress = deployment(2, { rolloutState: "IN_PROGRESS", runningCount: 1 });
  const old = deployment(1, { status: "ACTIVE" });

  it("is over at once when no deployment is under way", async () => {
    shows(service([deployment(2)]));
    expect(await wait()).toBeUndefined();
  });

  it("follows a deployment that somebody else began, to its end", async () => {
    shows(service([inProgress, old]), service([inProgress, old]), service([deployment(2)]));
    expect(await wait()).toMatchObject({
      outcome: "done",
      message: "shop-ui:2 runs (2 of 2)",
      running: "elsewhere/ui:2",
    });
  });

  it("fails when that deployment is rolled back", async () => {
    const failed = deployment(2, {
      status: "ACTIVE",
      rolloutState: "FAILED",
      rolloutStateReason: "circuit breaker",
    });
    const back = deployment(3, { taskDefinition: revision(1), rolloutState: "COMPLETED" });
    shows(service([inProgress, old]), service([failed, back]));
    expect(await wait()).toMatchObject({
      outcome: "rolled back",
      message: expect.stringContaining("circuit breaker"),
    });
  });

  it("fails when it comes while ECS goes back already", async () => {
    const failed = deployment(2, {
      status: "ACTIVE",
      rolloutState: "FAILED",
      rolloutStateReason: "circuit breaker",
    });
    const back = (rolloutState: "IN_PROGRESS" | "COMPLETED") =>
      deployment(1, { rolloutState, rolloutStateReason: "ECS deployment rollback in progress." });
    shows(
      service([failed, back("IN_PROGRESS")]),
      service([failed, back("IN_PROGRESS")]),
      service([back("COMPLETED")]),
    );
    expect(await wait()).toMatchObject({
      outcome: "rolled back",
      message: "shop-ui:2 failed, and ECS rolled back to shop-ui:1: circuit breaker",
    });
  });

  it("fails when ECS goes back already from a blue/green deployment, which has no rollout state", async () => {
    const stateless = { rolloutState: undefined };
    const back = (more: Partial<Service>) => ({ ...more, deploymentConfiguration: blueGreen });
    const blueGreen = { strategy: "BLUE_GREEN" as const };
    shows(
      service([deployment(1, stateless), deployment(2, { ...stateless, status: "ACTIVE" })], back({})),
      service([deployment(1, stateless)], back({})),
    );
    const serviceRevisionArn = "arn:aws:ecs:eu-west-1:111122223333:service-revision/shop/ui/2";
    const serviceDeploymentArn = "arn:aws:ecs:eu-west-1:111122223333:service-deployment/shop/ui/2";
    const rollback = { serviceDeploymentArn, targetServiceRevisionArn: serviceRevisionArn };
    ecs.on(ListServiceDeploymentsCommand).resolves({
      serviceDeployments: [{ ...rollback, status: "ROLLBACK_IN_PROGRESS", createdAt: new Date(0) }],
    });
    ecs
      .on(DescribeServiceRevisionsCommand)
      .resolves({ serviceRevisions: [{ serviceRevisionArn, taskDefinition: revision(2) }] });
    const described = (status: "ROLLBACK_IN_PROGRESS" | "ROLLBACK_SUCCESSFUL") => ({
      serviceDeployments: [{ serviceDeploymentArn, status, statusReason: "alarm detected" }],
    });
    ecs
      .on(DescribeServiceDeploymentsCommand)
      .resolvesOnce(described("ROLLBACK_IN_PROGRESS"))
      .resolves(described("ROLLBACK_SUCCESSFUL"));
    expect(await wait()).toMatchObject({
      outcome: "rolled back",
      message: "shop-ui:2 failed, and ECS rolled back to shop-ui:1: alarm detected",
    });
  });

  it("says what stands in the way of a service that is not there", async () => {
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    ecs.on(ListClustersCommand).resolves({ clusterArns: [] });
    expect(await wait()).toMatchObject({ outcome: "failed", message: "the ECS cluster does not exist" });
  });
});

describe("waiting for a function", () => {
  const checkout = {
    kind: "lambda",
    function: "checkout",
    alias: "live",
    timeoutSeconds: 60,
    order: 0,
  } as unknown as LambdaTarget;
  const wait = () =>
    createLambdaKind(fakeClock()).wait("checkout", checkout, "localhost:5000", fakeContext());
  const alias = (weights: Record<string, number> = {}) => ({
    FunctionVersion: "4",
    RoutingConfig: { AdditionalVersionWeights: weights },
  });
  const settled = { State: "Active", LastUpdateStatus: "Successful" } as const;
  beforeEach(() => {
    lambda.on(GetFunctionConfigurationCommand).resolves(settled);
    lambda.on(GetAliasCommand).resolves(alias());
    lambda
      .on(GetFunctionCommand)
      .resolves({ Configuration: settled, Code: { ImageUri: "elsewhere/checkout:4" } });
  });

  it("is over at once when nothing is under way", async () => {
    expect(await wait()).toBeUndefined();
  });

  it("lasts until its update is over and callers are on one version", async () => {
    lambda
      .on(GetFunctionConfigurationCommand)
      .resolvesOnce({ State: "Active", LastUpdateStatus: "InProgress" })
      .resolves(settled);
    lambda
      .on(GetAliasCommand)
      .resolvesOnce(alias())
      .resolvesOnce(alias({ 5: 0.1 }))
      .resolves(alias());
    expect(await wait()).toMatchObject({ outcome: "done" });
  });

  it("fails when it does not end in time", async () => {
    lambda.on(GetAliasCommand).resolves(alias({ 5: 0.1 }));
    expect(await wait()).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("version 5 gets 10 %"),
    });
  });
});
