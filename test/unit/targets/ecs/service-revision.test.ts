import {
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  type Service,
} from "@aws-sdk/client-ecs";
import { beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { existingService, inspectEcsFor } from "../../../../runner/targets/ecs/inspect.ts";
import { planEcs } from "../../../../runner/targets/ecs/plan.ts";
import { statusOfEcs } from "../../../../runner/targets/ecs/status.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { fakeContext, image } from "../fakes.ts";
import { deployment, newReference, revision, service, target, taskDefinition } from "./builders.ts";

const ecs = mockClient(ECSClient);
const revisionArn = (name: string) => `arn:aws:ecs:eu-west-1:111122223333:service-revision/shop/${name}/9`;
const current = (more: Partial<Service> = {}) =>
  service([deployment(1)], { currentServiceRevisions: [{ arn: revisionArn("ui") }], ...more });
const definitions = () => ecs.commandCalls(DescribeTaskDefinitionCommand).length;

/** ECS has the service, and says that its revision runs an image. */
function runs(reference: string, found = current()): void {
  ecs.on(DescribeServicesCommand).resolves({ services: [found] });
  ecs.on(DescribeServiceRevisionsCommand).callsFake(async ({ serviceRevisionArns = [] }) => ({
    serviceRevisions: serviceRevisionArns.map((serviceRevisionArn: string) => ({
      serviceRevisionArn,
      taskDefinition: revision(1),
      containerImages: [
        { containerName: "ui", image: reference },
        { containerName: "proxy", image: "envoy:1" },
      ],
    })),
  }));
}

beforeEach(() => {
  ecs.reset();
  ecs.on(DescribeTaskDefinitionCommand).resolves({
    taskDefinition: taskDefinition(1, newReference) as object,
    tags: [],
  });
});

describe("a service whose revision already runs the image", () => {
  it("is planned as unchanged, without its task definition", async () => {
    runs(newReference);
    const state = await inspectEcsFor(target, fakeContext(), image);
    expect(state).toMatchObject({ kind: "settled", taskDefinitionArn: revision(1) });
    expect(planEcs("ui", target, state, image)).toMatchObject({ action: "none", changes: [], problems: [] });
    expect(definitions()).toBe(0);
  });

  it("plans and notes the same as with its task definition", async () => {
    const few = current({ runningCount: 1 });
    runs(newReference, few);
    const short = planEcs("ui", target, await inspectEcsFor(target, fakeContext(), image), image);
    const whole = planEcs("ui", target, await inspectEcsFor(target, fakeContext()), image);
    expect({ ...short, state: undefined }).toEqual({ ...whole, state: undefined });
    expect(short.notes).toEqual(["it is set to this image, but only 1 of 2 tasks run"]);
    expect(definitions()).toBe(1);
  });

  it("has its task definition read when it is to be followed", async () => {
    runs(newReference);
    const context = fakeContext();
    const state = await inspectEcsFor(target, context, image);
    expect(await existingService(state, context)).toMatchObject({
      kind: "found",
      taskDefinition: { taskDefinitionArn: revision(1) },
    });
    expect(definitions()).toBe(1);
  });

  it("shows the image in its status", async () => {
    runs(newReference);
    expect(await statusOfEcs("ui", target, fakeContext())).toMatchObject({ running: newReference });
    expect(definitions()).toBe(0);
  });
});

describe("the task definition is read", () => {
  const readsIt = async (wanted = target) => {
    const state = await inspectEcsFor(wanted, fakeContext(), image);
    expect(state.kind).toBe("found");
    expect(definitions()).toBe(1);
  };

  it("when the revision runs another image", async () => {
    runs("envoy:1");
    await readsIt();
  });

  it("when the revision lacks one of the containers", async () => {
    runs(newReference);
    await readsIt({ ...target, container: "web", containers: { web: "ui" } });
  });

  it.each<[string, Partial<Service>]>([
    ["ECS names no revision", { currentServiceRevisions: undefined }],
    ["two are in use", { currentServiceRevisions: [{ arn: revisionArn("ui") }, { arn: revisionArn("b") }] }],
    ["the service is set to another task definition", { taskDefinition: revision(2) }],
    ["the deployment is in progress", { deployments: [deployment(1, { rolloutState: "IN_PROGRESS" })] }],
  ])("when %s", async (_, more) => {
    runs(newReference, current(more));
    await readsIt();
  });

  it("when the target's alarms are to change", async () => {
    runs(newReference);
    await readsIt({ ...target, deploymentAlarms: { alarms: ["errors"], rollback: true } });
  });

  it.each([
    new UserError({ code: "access-denied", message: "may not call ecs:DescribeServiceRevisions" }),
    Object.assign(new Error("unknown operation"), { name: "InvalidAction" }),
  ])("when the revision can't be asked for: %s", async (refusal) => {
    runs(newReference);
    ecs.on(DescribeServiceRevisionsCommand).rejects(refusal);
    await readsIt();
  });
});

it("twenty services share a call, and one whose revision is gone is looked at by itself", async () => {
  const names = Array.from({ length: 45 }, (_, index) => `s${index}`);
  runs(newReference);
  ecs.on(DescribeServicesCommand).callsFake(async ({ services = [] }) => ({
    services: services.map((serviceName: string) =>
      current({ serviceName, currentServiceRevisions: [{ arn: revisionArn(serviceName) }] }),
    ),
  }));
  const context = fakeContext();
  const states = await Promise.all(
    names.map((name) => inspectEcsFor({ ...target, service: name }, context, image)),
  );
  expect(new Set(states.map(({ kind }) => kind))).toEqual(new Set(["settled"]));
  const asked = ecs
    .commandCalls(DescribeServiceRevisionsCommand)
    .map(({ args }) => args[0].input.serviceRevisionArns?.length);
  expect(asked.reduce((sum = 0, one = 0) => sum + one, 0)).toBe(45);
  expect(Math.max(...asked.map((one = 0) => one))).toBeLessThanOrEqual(20);
  expect(asked.length).toBeLessThanOrEqual(5);
  expect(definitions()).toBe(0);
});
