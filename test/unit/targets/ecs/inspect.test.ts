import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
} from "@aws-sdk/client-ecs";
import { beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { findService, inspectEcs } from "../../../../runner/targets/ecs/inspect.ts";
import { statusOfEcs } from "../../../../runner/targets/ecs/status.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { awsError, fakeContext } from "../fakes.ts";
import {
  deployment,
  newReference,
  oldReference,
  revision,
  service,
  target,
  taskDefinition,
} from "./builders.ts";

const ecs = mockClient(ECSClient);
const answers = (found: ReturnType<typeof service>) =>
  ecs.on(DescribeServicesCommand).resolves({ services: [found] });

async function problem(wanted = target) {
  const state = await inspectEcs(wanted, fakeContext());
  return state.kind === "unusable" ? state.problems[0] : undefined;
}

beforeEach(() => {
  ecs.reset();
  ecs.on(DescribeTaskDefinitionCommand).resolves({
    taskDefinition: taskDefinition(1, oldReference) as object,
    tags: [{ key: "team", value: "shop" }],
  });
});

describe("inspecting an ECS service", () => {
  it("takes two calls, tags included", async () => {
    answers(service([deployment(1)]));
    const state = await inspectEcs(target, fakeContext());
    expect(state).toMatchObject({ kind: "found", tags: [{ key: "team", value: "shop" }] });
    expect(ecs.calls()).toHaveLength(2);
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)[0]?.args[0].input).toEqual({
      taskDefinition: revision(1),
      include: ["TAGS"],
    });
  });

  it("suggests the cluster that was meant", async () => {
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    ecs
      .on(ListClustersCommand)
      .resolves({ clusterArns: ["arn:aws:ecs:x:1:cluster/shop-dev", "arn:aws:ecs:x:1:cluster/web"] });
    expect(await problem({ ...target, cluster: "shop-dvv" })).toMatchObject({
      code: "unknown-cluster",
      value: "shop-dvv",
      fix: 'did you mean "shop-dev"? (there are: shop-dev, web)',
    });
  });

  it("suggests the service that was meant, over all pages", async () => {
    ecs.on(DescribeServicesCommand).resolves({ services: [], failures: [{ reason: "MISSING" }] });
    ecs
      .on(ListServicesCommand)
      .resolvesOnce({ serviceArns: ["arn:aws:ecs:x:1:service/shop/cart"], nextToken: "2" })
      .resolvesOnce({ serviceArns: ["arn:aws:ecs:x:1:service/shop/ui"] });
    expect(await problem({ ...target, service: "iu" })).toMatchObject({
      code: "unknown-service",
      fix: 'did you mean "ui"? (there are: cart, ui)',
    });
  });

  it("names a cluster or a service that is not there also where none may be listed, as in CI", async () => {
    const refusal = new UserError({ code: "access-denied", message: "may not call ecs:ListClusters" });
    ecs.on(ListClustersCommand).rejects(refusal);
    ecs.on(ListServicesCommand).rejects(refusal);
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    const fix = "check the name (these credentials may not list which ones exist)";
    expect(await problem({ ...target, cluster: "shpo" })).toMatchObject({ code: "unknown-cluster", fix });
    ecs.on(DescribeServicesCommand).resolves({ services: [], failures: [{ reason: "MISSING" }] });
    expect(await problem({ ...target, service: "iu" })).toMatchObject({ code: "unknown-service", fix });
  });

  it("does not hide another fault of that list", async () => {
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    ecs.on(ListClustersCommand).rejects(new UserError({ code: "throttled", message: "too many calls" }));
    await expect(problem()).rejects.toThrow("too many calls");
  });

  it("says that a service was deleted, or is being", async () => {
    ecs.on(ListServicesCommand).resolves({ serviceArns: [] });
    answers(service([], { status: "INACTIVE" }));
    expect((await problem())?.message).toContain("deleted (INACTIVE)");
    answers(service([], { status: "DRAINING" }));
    expect((await problem())?.code).toBe("service-draining");
  });

  it.each([
    ["CODE_DEPLOY", "CodeDeploy"],
    ["EXTERNAL", "external controller"],
  ] as const)("refuses a service with the controller %s, and says why", async (type, said) => {
    const one = deployment(1, { rolloutState: undefined });
    answers(service([one], { deploymentController: { type } }));
    const found = await problem();
    expect(found).toMatchObject({ code: "foreign-controller", value: type });
    expect(found?.message).toContain(said);
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)).toHaveLength(0);
  });
});

describe("the status of an ECS service", () => {
  const status = () => statusOfEcs("ui", target, fakeContext());

  it("tells what runs, since when, in two calls", async () => {
    answers(service([deployment(1)]));
    expect(await status()).toMatchObject({
      service: "ui",
      title: "ecs shop/ui",
      health: "healthy",
      message: "shop-ui:1, 2 of 2 running",
      running: oldReference,
      since: new Date(1_700_000_001_000),
    });
    expect(ecs.calls()).toHaveLength(2);
  });

  it.each([
    ["updating", { rolloutState: "IN_PROGRESS" as const }, {}],
    ["unhealthy", { rolloutState: "FAILED" as const, rolloutStateReason: "gave up" }, {}],
    ["unhealthy", {}, { runningCount: 1 }],
  ])("is %s with %o %o", async (health, ofDeployment, ofService) => {
    answers(service([deployment(1, ofDeployment)], ofService));
    expect((await status()).health).toBe(health);
  });

  it("says what is missing", async () => {
    ecs.on(DescribeServicesCommand).resolves({ services: [] });
    expect(await status()).toMatchObject({ health: "missing", message: "there is no such service" });
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    expect(await status()).toMatchObject({ health: "missing", message: "there is no such cluster" });
  });

  it("shows the task definition of the PRIMARY deployment, wherever it stands in the list", async () => {
    const primary = deployment(2, { rolloutState: "IN_PROGRESS" });
    answers(service([deployment(1, { status: "ACTIVE" }), primary]));
    ecs
      .on(DescribeTaskDefinitionCommand, { taskDefinition: revision(2) })
      .resolves({ taskDefinition: taskDefinition(2, newReference) as object });
    expect(await status()).toMatchObject({ health: "updating", running: newReference });
  });
});

describe("services that are looked for at the same time", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);
  const called = () =>
    ecs.commandCalls(DescribeServicesCommand).map(({ args }) => args[0].input.services?.length);
  /** ECS has these services, and lets only some of them be described. */
  const has = (there: readonly string[], refused?: string) =>
    ecs.on(DescribeServicesCommand).callsFake(async ({ services = [] }: DescribeServicesCommand["input"]) => {
      if (refused !== undefined && services.includes(refused)) {
        throw new UserError({ code: "access-denied", message: "may not call ecs:DescribeServices" });
      }
      const found = services.filter((name) => there.includes(name));
      const missing = services.filter((name) => !there.includes(name));
      return {
        services: found.map((serviceName) => service([deployment(1)], { serviceName })),
        failures: missing.map((name) => ({ arn: name, reason: "MISSING" })),
      };
    });
  const find = async (cluster: string, wanted: readonly string[]) => {
    const { clients, signal } = fakeContext();
    const finding = wanted.map((name) => findService(clients, { cluster, service: name }, signal));
    const found = await Promise.allSettled(finding);
    return found.map((one) =>
      one.status === "rejected"
        ? "refused"
        : typeof one.value === "object"
          ? one.value.serviceName
          : one.value,
    );
  };

  it("share calls of ten, each service told from the others and from one that is not there", async () => {
    has(names(24));
    expect(await find("shop", names(25))).toEqual([...names(24), undefined]);
    expect(called()).toEqual([10, 10, 5]);
  });

  it("are asked one by one when one of them may not be described", async () => {
    has(names(3), "s1");
    expect(await find("shop", names(3))).toEqual(["s0", "refused", "s2"]);
    expect(called()).toEqual([3, 1, 1, 1]);
  });

  it("all know that there is no cluster after one call", async () => {
    ecs.on(DescribeServicesCommand).rejects(awsError("ClusterNotFoundException"));
    expect(await find("shop", names(3))).toEqual(["no cluster", "no cluster", "no cluster"]);
    expect(called()).toEqual([3]);
  });
});
