import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type Service,
  StopTaskCommand,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import type { Image } from "../../../../runner/registry/image.ts";
import { alarmGates } from "../../../../runner/targets/ecs/alarms.ts";
import { createEcsKind } from "../../../../runner/targets/ecs/kind.ts";
import type { TaskDefinition } from "../../../../runner/targets/ecs/state.ts";
import type { TargetImage } from "../../../../runner/targets/target.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../fakes.ts";
import {
  deployment,
  foundState,
  newReference,
  oldReference,
  revision,
  service,
  target,
  task,
  taskDefinition,
} from "./builders.ts";

const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);
const elb = mockClient(ElasticLoadBalancingV2Client);

const proxyImage: Image = {
  service: "proxy",
  repository: "shop/proxy",
  registry: "localhost:5000",
  digest: sha("7"),
  manifests: { "linux/amd64": sha("8"), "linux/arm64": sha("9") },
};
const proxyReference = `localhost:5000/shop/proxy@${sha("7")}`;
const both: TargetImage = { ...image, containers: { ui: image, proxy: proxyImage } };

beforeEach(() => {
  for (const mock of [ecs, logs, elb]) mock.reset();
  newestIs(taskDefinition(1, oldReference));
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(2) } });
  ecs
    .on(UpdateServiceCommand)
    .resolves({ service: service([deployment(2, { rolloutState: "IN_PROGRESS" })]) });
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [] });
  ecs.on(DescribeServicesCommand).resolves({ services: [service([deployment(2)])] });
  hasTasks([running("t1"), running("t2")]);
});

/** The newest revision of the family. */
function newestIs(definition: TaskDefinition) {
  ecs
    .on(DescribeTaskDefinitionCommand, { taskDefinition: "shop-ui" })
    .resolves({ taskDefinition: definition as never, tags: [{ key: "team", value: "shop" }] });
}

const running = (id: string, more: Partial<Task> = {}) =>
  task(id, 2, {
    attachments: [{ details: [{ name: "privateIPv4Address", value: "127.0.0.1" }] }],
    containers: [
      { name: "ui", imageDigest: sha("1") },
      { name: "proxy", imageDigest: sha("8") },
    ],
    ...more,
  });

function hasTasks(tasks: Task[], oneOffs: Task[] = []) {
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
  ecs
    .on(ListTasksCommand, { desiredStatus: "RUNNING" })
    .resolves({ taskArns: tasks.map((one) => one.taskArn ?? "") });
  let looks = 0;
  ecs.on(DescribeTasksCommand).callsFake(({ tasks: arns }: { tasks: string[] }) => {
    const found = tasks.filter((one) => arns.includes(one.taskArn ?? ""));
    const oneOff = oneOffs[Math.min(looks, oneOffs.length - 1)];
    if (found.length === 0 && oneOff !== undefined) looks++;
    return Promise.resolve({ tasks: found.length > 0 || oneOff === undefined ? found : [oneOff] });
  });
}

function start(wanted: Partial<EcsTarget> = {}, moved: TargetImage = image, state = foundState()) {
  const clock = fakeClock();
  const context = fakeContext();
  const kind = createEcsKind(clock);
  const plan = kind.plan("ui", { ...target, ...wanted }, state, moved);
  const apply = () => kind.apply(plan, moved, context);
  const deploy = async () => kind.follow(plan, await apply(), moved, context);
  return { plan, apply, deploy, context, clock };
}

const updates = () => ecs.commandCalls(UpdateServiceCommand).map(({ args }) => args[0].input);

describe("the gate of the tasks", () => {
  it.each([
    [1, "1 runs the image"],
    [2, "2 run the image"],
  ])("counts %d", async (count, message) => {
    const counts = { desiredCount: count, runningCount: count };
    hasTasks(["t1", "t2"].slice(0, count).map((id) => running(id)));
    ecs.on(DescribeServicesCommand).resolves({ services: [service([deployment(2, counts)], counts)] });
    expect((await start().deploy()).gates).toContainEqual({ gate: "tasks", verdict: "passed", message });
  });
});

describe("sidecars", () => {
  it("are moved with the service in one revision and one update, each shown", async () => {
    const { plan, deploy } = start({}, both);
    expect(plan.changes).toEqual([
      { field: "containerDefinitions[ui].image", before: oldReference, after: newReference },
      { field: "containerDefinitions[proxy].image", before: "envoy:1", after: proxyReference },
    ]);
    expect((await deploy()).outcome).toBe("done");
    const registered = ecs.commandCalls(RegisterTaskDefinitionCommand).map(({ args }) => args[0].input);
    expect(registered.map((one) => one.containerDefinitions?.map((container) => container.image))).toEqual([
      [newReference, proxyReference],
    ]);
    expect(updates()).toHaveLength(1);
  });

  it("alone leave the other containers as they are", async () => {
    const moved: TargetImage = { ...proxyImage, containers: { proxy: proxyImage } };
    const { plan, apply } = start({ containers: { ui: "ui", proxy: "proxy" } }, moved);
    expect(plan.changes.map(({ field }) => field)).toEqual(["containerDefinitions[proxy].image"]);
    await apply();
    const [registered] = ecs.commandCalls(RegisterTaskDefinitionCommand).map(({ args }) => args[0].input);
    expect(registered?.containerDefinitions?.map((container) => container.image)).toEqual([
      oldReference,
      proxyReference,
    ]);
  });

  it("must run the pushed digest, too", async () => {
    const containers = [
      { name: "ui", imageDigest: sha("1") },
      { name: "proxy", imageDigest: sha("5") },
    ];
    hasTasks([running("t1"), running("t2", { containers })]);
    expect(await start({}, both).deploy()).toMatchObject({
      outcome: "failed",
      evidence: [`task t2 runs ${sha("5")} in proxy`],
    });
  });

  it("that the task definition does not have are refused with its names", () => {
    const { plan } = start({}, { ...image, containers: { ui: image, prox: proxyImage } });
    expect(plan.problems).toMatchObject([
      { code: "unknown-container", value: "prox", fix: expect.stringContaining('"proxy"') },
    ]);
  });
});

describe("deployment alarms", () => {
  const deploymentAlarms = { alarms: ["ui-5xx", "ui-cpu"], rollback: true };
  const alarms = { alarmNames: ["ui-cpu", "ui-5xx"], enable: true, rollback: true };

  it("are a gate of a deployment that they let end well, or ended", async () => {
    const watched = (more = {}) => ({
      services: [service([deployment(2, more)], { deploymentConfiguration: { alarms } })],
    });
    ecs.on(DescribeServicesCommand).resolves(watched());
    expect((await start().deploy()).gates).toContainEqual({
      gate: "deployment alarms",
      verdict: "passed",
      message: "ui-cpu, ui-5xx",
    });
    const fired = { alarms: { triggeredAlarmNames: ["ui-cpu"] } };
    const config = service([], { deploymentConfiguration: { alarms } });
    expect(alarmGates(config, fired, "rolled back")).toEqual([
      { gate: "deployment alarms", verdict: "failed", message: "ui-cpu fired" },
    ]);
    expect(alarmGates(config, undefined, "failed")).toEqual([]);
    expect(alarmGates(service([]), undefined, "done")).toEqual([]);
  });

  it("go with the one update when they differ, and nothing else of the configuration changes", async () => {
    const { plan, apply } = start({ deploymentAlarms });
    expect(plan.changes).toContainEqual({
      field: "deploymentConfiguration.alarms",
      before: undefined,
      after: "ui-5xx, ui-cpu; rolls back",
    });
    await apply();
    expect(updates()).toMatchObject([
      {
        taskDefinition: revision(2),
        deploymentConfiguration: {
          deploymentCircuitBreaker: { enable: true, rollback: true },
          alarms: { alarmNames: ["ui-5xx", "ui-cpu"], enable: true, rollback: true },
        },
      },
    ]);
  });

  it("are left alone when they are set already, in whatever order", async () => {
    const state = foundState(service([deployment(1)], { deploymentConfiguration: { alarms } }));
    await start({ deploymentAlarms }, image, state).apply();
    expect(updates()[0]).not.toHaveProperty("deploymentConfiguration");
  });

  it("alone are set without a new revision", async () => {
    const state = foundState(service([deployment(1)]), taskDefinition(1, newReference));
    const { plan, deploy } = start({ deploymentAlarms }, image, state);
    expect(plan.changes.map(({ field }) => field)).toEqual(["deploymentConfiguration.alarms"]);
    ecs.on(UpdateServiceCommand).resolves({ service: service([deployment(1)]) });
    ecs.on(DescribeServicesCommand).resolves({ services: [service([deployment(1)])] });
    hasTasks([task("t1", 1), task("t2", 1)]);
    expect((await deploy()).outcome).toBe("done");
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toEqual([]);
    expect(updates()).toMatchObject([{ taskDefinition: revision(1), deploymentConfiguration: {} }]);
  });
});

describe("the health of targets", () => {
  const loadBalancers: Service["loadBalancers"] = [
    {
      targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop-ui/0",
      containerName: "ui",
      containerPort: 8080,
    },
  ];
  const health = (State: "healthy" | "unhealthy", more = {}) => ({
    TargetHealthDescriptions: [
      { Target: { Id: "127.0.0.1", Port: 8080 }, TargetHealth: { State, ...more } },
      { Target: { Id: "10.9.9.9", Port: 8080 }, TargetHealth: { State: "draining" as const } },
    ],
  });
  const balanced = () =>
    ecs
      .on(DescribeServicesCommand)
      .resolves({ services: [service([deployment(2)], { loadBalancers: [...loadBalancers] })] });

  it("of the revision's own tasks is waited for", async () => {
    balanced();
    elb.on(DescribeTargetHealthCommand).resolvesOnce(health("unhealthy")).resolves(health("healthy"));
    const { deploy, context } = start();
    expect(await deploy()).toMatchObject({
      outcome: "done",
      gates: [
        { gate: "tasks", verdict: "passed", message: "2 run the image" },
        { gate: "target health", verdict: "passed" },
      ],
    });
    expect(context.messages()).toContain("0 of 2 healthy in their target groups");
  });

  it("is in the reason when the time is up", async () => {
    balanced();
    const why = {
      Description: "Health checks failed with these codes: [502]",
      Reason: "Target.ResponseCodeMismatch" as const,
    };
    elb.on(DescribeTargetHealthCommand).resolves(health("unhealthy", why));
    const outcome = await start().deploy();
    const line =
      "127.0.0.1:8080 in shop-ui is unhealthy: Health checks failed with these codes: [502] (Target.ResponseCodeMismatch)";
    expect(outcome.outcome).toBe("failed");
    expect(outcome.message).toContain(line);
    expect(outcome.evidence).toContain(line);
    expect(outcome.gates).toEqual([{ gate: "target health", verdict: "failed", message: line }]);
  });

  it("explains a deployment that ECS gave up, between the stopped tasks and the breaker's count", async () => {
    const failed = {
      rolloutState: "FAILED" as const,
      rolloutStateReason: "tasks failed to start.",
      failedTasks: 3,
    };
    ecs
      .on(DescribeServicesCommand)
      .resolves({ services: [service([deployment(2, failed)], { loadBalancers: [...loadBalancers] })] });
    elb.on(DescribeTargetHealthCommand).resolves(health("unhealthy", { Reason: "Target.Timeout" as const }));
    const { outcome, evidence } = await start().deploy();
    expect(outcome).toBe("failed");
    expect(evidence).toEqual([
      ...Array.from({ length: 2 }, () => "127.0.0.1:8080 in shop-ui is unhealthy: Target.Timeout"),
      "failed tasks 3 of 3 (circuit breaker)",
    ]);
  });

  it("that may not be asked for is said, and does not fail the deployment", async () => {
    balanced();
    elb.on(DescribeTargetHealthCommand).rejects(awsError("AccessDenied", "not you"));
    const { deploy, context } = start();
    const { outcome, gates } = await deploy();
    expect(outcome).toBe("done");
    expect(gates?.at(-1)).toEqual({ gate: "target health", verdict: "not checked", message: "not you" });
    expect(context.lines()).toContain("target health was not checked: not you");
  });

  it("is not asked for when it is switched off", async () => {
    balanced();
    const { outcome, gates } = await start({ targetHealth: false }).deploy();
    expect(outcome).toBe("done");
    expect(gates?.map(({ gate }) => gate)).toEqual(["tasks"]);
    expect(elb.calls()).toEqual([]);
  });
});

describe("the smoke check", () => {
  let server: Server;
  let asked: string[] = [];
  let answers: [status: number, body: string][] = [];
  const port = () => (server.address() as AddressInfo).port;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const [status, body] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [500, ""];
      response.writeHead(status).end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  });
  afterAll(() => new Promise((closed) => server.close(closed)));
  beforeEach(() => {
    asked = [];
  });
  const smoke = (more = {}) => ({
    path: "/health?deep=1",
    port: port(),
    status: 200,
    attempts: 3,
    intervalSeconds: 2,
    timeoutSeconds: 5,
    onFailure: "rollback" as const,
    ...more,
  });
  const putBack = () => {
    const back = service([deployment(3, { taskDefinition: revision(1) })]);
    ecs.on(UpdateServiceCommand, { taskDefinition: revision(1) }).resolves({
      service: service([deployment(3, { taskDefinition: revision(1), rolloutState: "IN_PROGRESS" })]),
    });
    ecs
      .on(DescribeServicesCommand)
      .resolvesOnce({ services: [service([deployment(2)])] })
      .resolvesOnce({ services: [service([deployment(2)])] })
      .resolves({ services: [back] });
  };

  it("asks each task of the new revision, and tries again", async () => {
    answers = [
      [503, "starting"],
      [200, "ready"],
    ];
    const { deploy, context } = start({ smoke: smoke({ matches: "^ready$" }) });
    expect(await deploy()).toMatchObject({
      outcome: "done",
      gates: [{ gate: "tasks" }, { gate: "smoke check", verdict: "passed" }],
      message: expect.stringContaining(`http://127.0.0.1:${port()}/health?deep=1 answers 200, and 1 more`),
    });
    expect(asked).toHaveLength(3);
    expect(context.lines().join("\n")).toContain('answered 503, not 200: "starting" (attempt 1 of 3)');
  });

  it("that fails puts back what ran before, and says what was answered", async () => {
    answers = [[200, "no database"]];
    putBack();
    const outcome = await start({ smoke: smoke({ matches: "ready" }) }).deploy();
    expect(outcome).toMatchObject({ outcome: "rolled back", running: oldReference });
    expect(outcome.gates?.at(-1)).toMatchObject({ gate: "smoke check", verdict: "failed" });
    expect(outcome.message).toContain("is steady, and failed its smoke check, put back to shop-ui:1");
    expect(outcome.message).toContain('answered 200, and that does not match /ready/: "no database"');
    expect(updates().map(({ taskDefinition: arn }) => arn)).toEqual([revision(2), revision(1)]);
  });

  it("that fails leaves the revision where that is asked for", async () => {
    answers = [[500, "oh"]];
    const outcome = await start({ smoke: smoke({ onFailure: "keep" }) }).deploy();
    expect(outcome).toMatchObject({ outcome: "failed", running: newReference });
    expect(outcome.message).toContain("and is kept");
    expect(updates()).toHaveLength(1);
  });

  describe("of what an earlier run has brought there", () => {
    const settled = foundState(service([deployment(2)]), taskDefinition(2, newReference));
    const prove = (onFailure: "rollback" | "keep" = "rollback") => {
      const clock = fakeClock();
      const kind = createEcsKind(clock);
      const plan = kind.plan("ui", { ...target, smoke: smoke({ onFailure }) }, settled, image);
      expect(plan.action).toBe("none");
      const resumed = kind.resume(plan);
      if (resumed === undefined) throw new Error("an ECS service can be resumed");
      return kind.follow(plan, resumed, image, fakeContext());
    };

    it("asks its tasks, and changes nothing", async () => {
      answers = [[200, "ready"]];
      expect(await prove()).toMatchObject({
        outcome: "done",
        message: expect.stringContaining("answers 200") as string,
      });
      expect(asked).toHaveLength(2);
      expect(updates()).toEqual([]);
    });

    it("leaves it as it is when it fails, and says how to go back", async () => {
      answers = [[500, "oh"]];
      const outcome = await prove();
      expect(outcome).toMatchObject({ outcome: "failed", running: newReference });
      expect(outcome.message).toContain("failed its smoke check, and stays as it is: ");
      expect(outcome.evidence?.at(-1)).toContain("slipway rollback ui");
      expect(updates()).toEqual([]);
    });
  });

  it("is made by wait, too, of what somebody else began and of what is steady", async () => {
    const wait = () =>
      createEcsKind(fakeClock()).wait("ui", { ...target, smoke: smoke() }, "elsewhere", fakeContext());
    ecs.on(DescribeTaskDefinitionCommand).resolves({ taskDefinition: taskDefinition(2, "x") as never });
    answers = [[200, "ready"]];
    expect(await wait()).toBeUndefined();
    answers = [[500, "oh"]];
    const message = expect.stringContaining("shop-ui:2 is steady, and fails its smoke check: ") as string;
    expect(await wait()).toMatchObject({ outcome: "failed", message });
    ecs
      .on(DescribeServicesCommand)
      .resolvesOnce({ services: [service([deployment(2, { rolloutState: "IN_PROGRESS" })])] })
      .resolves({ services: [service([deployment(2)])] });
    expect(await wait()).toMatchObject({ outcome: "failed", message });
    expect(updates()).toEqual([]);
  });

  it("asks a URL instead, without following where it leads", async () => {
    answers = [[301, ""]];
    const url = `http://127.0.0.1:${port()}/other`;
    expect((await start({ smoke: smoke({ url, status: 301 }) }).deploy()).outcome).toBe("done");
    expect(asked).toEqual(["/other"]);
  });

  it("that nobody answers says so", async () => {
    putBack();
    const outcome = await start({ smoke: smoke({ url: "http://127.0.0.1:1/" }) }).deploy();
    expect(outcome.message).toMatch(
      /GET http:\/\/127\.0\.0\.1:1\/ did not answer: .*ECONNREFUSED.*attempt 3 of 3/,
    );
  });

  it("that could ask nobody is refused before anything is changed", () => {
    const bridge = foundState(undefined, taskDefinition(1, oldReference, { networkMode: "bridge" }));
    expect(start({ smoke: smoke() }, image, bridge).plan.problems).toMatchObject([
      { code: "smoke-check-without-address", value: "bridge" },
    ]);
    const { port: _, ...withoutPort } = smoke();
    expect(start({ smoke: withoutPort }).plan.problems).toMatchObject([
      { code: "smoke-check-without-address", value: "ui" },
    ]);
  });
});

describe("the one-off task", () => {
  const before = { command: ["migrate", "--all"], container: "ui", timeoutSeconds: 60 };
  const oneOff = (more: Partial<Task> = {}) => ({
    taskArn: "arn:aws:ecs:eu-west-1:111122223333:task/shop/one0ff00",
    lastStatus: "RUNNING",
    containers: [{ name: "ui" }],
    ...more,
  });
  const ended = (exitCode: number) =>
    oneOff({
      lastStatus: "STOPPED",
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
      containers: [{ name: "ui", exitCode }],
    });
  const runs = () => ecs.commandCalls(RunTaskCommand).map(({ args }) => args[0].input);
  beforeEach(() => {
    ecs.on(RunTaskCommand).resolves({ tasks: [oneOff()] });
  });
  const refused = async (applying: Promise<unknown>) => {
    const error = await applying.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(updates()).toEqual([]);
    return error as UserError;
  };

  it("runs with the new revision, as the service runs its tasks, before it is moved", async () => {
    const networkConfiguration = { awsvpcConfiguration: { subnets: ["a"] } };
    const state = foundState(service([deployment(1)], { networkConfiguration, platformVersion: "LATEST" }));
    hasTasks([], [oneOff(), ended(0)]);
    const { apply, context, plan } = start({ before }, image, state);
    expect(plan.notes).toContain("before the update, once, in ui: migrate --all");
    expect(await apply()).toMatchObject({ oneOff: "migrate --all" });
    expect(runs()).toMatchObject([
      {
        cluster: "arn:aws:ecs:eu-west-1:111122223333:cluster/shop",
        taskDefinition: revision(2),
        count: 1,
        overrides: { containerOverrides: [{ name: "ui", command: ["migrate", "--all"] }] },
        networkConfiguration,
        launchType: "FARGATE",
        platformVersion: "LATEST",
      },
    ]);
    expect(runs()[0]?.clientToken).toBe(`${runs()[0]?.startedBy}-0`);
    expect(runs()[0]?.startedBy?.length).toBeLessThanOrEqual(36);
    expect(context.lines()).toContain("one-off task one0ff00 is done, exit code 0");
    expect(updates()).toHaveLength(1);
  });

  it("takes the service's capacity providers where it has some", async () => {
    const strategy = [{ capacityProvider: "FARGATE_SPOT", weight: 1 }];
    const { launchType: _, ...found } = service([deployment(1)], { capacityProviderStrategy: strategy });
    hasTasks([], [ended(0)]);
    await start({ before }, image, foundState(found)).apply();
    expect(runs()[0]).toMatchObject({ capacityProviderStrategy: strategy });
    expect(runs()[0]).not.toHaveProperty("launchType");
  });

  describe("of a service with an EBS volume that is configured at launch", () => {
    const definition = taskDefinition(1, oldReference, {
      volumes: [{ name: "data", configuredAtLaunch: true }, { name: "scratch" }],
    });
    const volume = { roleArn: "arn:aws:iam::111122223333:role/ebs", sizeInGiB: 20 };
    const withVolume = deployment(1, {
      volumeConfigurations: [
        {
          name: "data",
          managedEBSVolume: {
            ...volume,
            tagSpecifications: [{ resourceType: "volume", propagateTags: "SERVICE" }],
          },
        },
      ],
    });

    it("gets one of its own, which goes with the task", async () => {
      hasTasks([], [ended(0)]);
      await start({ before }, image, foundState(service([withVolume]), definition)).apply();
      expect(runs()[0]?.volumeConfigurations).toEqual([
        {
          name: "data",
          managedEBSVolume: {
            ...volume,
            tagSpecifications: [{ resourceType: "volume" }],
            terminationPolicy: { deleteOnTermination: true },
          },
        },
      ]);
    });

    it("is refused before anything changes when nobody says how", () => {
      const state = foundState(service([deployment(1)]), definition);
      expect(start({ before }, image, state).plan.problems).toMatchObject([
        { code: "one-off-without-volume", key: "before", value: "data" },
      ]);
      expect(start({}, image, state).plan.problems).toEqual([]);
    });
  });

  it("that fails leaves the service as it is, and shows its last lines", async () => {
    hasTasks([], [ended(3)]);
    logs.on(GetLogEventsCommand).resolves({ events: [{ message: "relation exists" }] });
    const error = await refused(start({ before }).apply());
    expect(error.problems[0]?.code).toBe("one-off-failed");
    expect(error.message).toContain("failed with exit code 3; nothing was moved");
    expect(error.message).toContain("relation exists");
  });

  it("that takes too long is stopped", async () => {
    hasTasks([], [oneOff()]);
    logs.on(GetLogEventsCommand).resolves({ events: [{ message: "waits for a lock" }] });
    const error = await refused(start({ before }).apply());
    expect(error.message).toContain("was stopped after 60 s");
    expect(error.message).toContain("waits for a lock");
    expect(ecs.commandCalls(StopTaskCommand)).toHaveLength(1);
  });

  it("is stopped at Ctrl-C, and that is said", async () => {
    hasTasks([], [oneOff()]);
    const { apply, context, clock } = start({ before });
    clock.afterSleep = () => context.controller.abort();
    const error = await refused(apply());
    expect(error.problems[0]).toMatchObject({
      code: "one-off-stopped",
      message: "interrupted: its one-off task one0ff00 was stopped, and nothing was moved",
    });
    expect(ecs.commandCalls(StopTaskCommand)).toHaveLength(1);
  });

  it("that can't be placed says why", async () => {
    ecs.on(RunTaskCommand).resolves({ tasks: [], failures: [{ reason: "RESOURCE:MEMORY" }] });
    expect((await refused(start({ before }).apply())).message).toContain("RESOURCE:MEMORY");
  });

  it("of a run that was killed is waited for instead of run twice", async () => {
    hasTasks([], [oneOff(), ended(0)]);
    ecs
      .on(ListTasksCommand)
      .callsFake(({ startedBy }: { startedBy?: string }) =>
        Promise.resolve({ taskArns: startedBy?.startsWith("slipway-") ? [oneOff().taskArn] : [] }),
      );
    await start({ before }).apply();
    expect(runs()).toEqual([]);
    expect(updates()).toHaveLength(1);
  });

  it("that has done its work for a run that was killed is not run again", async () => {
    const resumed = Object.assign(awsError("ConflictException"), { resourceIds: [oneOff().taskArn] });
    ecs.on(RunTaskCommand).rejects(resumed);
    hasTasks([], [ended(0)]);
    const { apply, context } = start({ before });
    await apply();
    expect(runs()).toHaveLength(1);
    expect(context.lines()).toContain("one-off task one0ff00 has already run, exit code 0");
  });

  it("that has failed before is run again", async () => {
    const resumed = Object.assign(awsError("ConflictException"), { resourceIds: [oneOff().taskArn] });
    ecs
      .on(RunTaskCommand)
      .rejectsOnce(resumed)
      .resolves({ tasks: [oneOff()] });
    hasTasks([], [ended(1), oneOff(), ended(0)]);
    await start({ before }).apply();
    expect(runs().map(({ clientToken }) => clientToken?.slice(-2))).toEqual(["-0", "-1"]);
    expect(updates()).toHaveLength(1);
  });

  it("is not run for a deployment under way, nor for a sidecar alone", async () => {
    const busy = service([deployment(2, { rolloutState: "IN_PROGRESS" })]);
    await start({ before }, image, foundState(busy, taskDefinition(2, newReference))).apply();
    const stateless = { rolloutState: undefined };
    const baking = service([deployment(2, stateless), deployment(1, { ...stateless, status: "ACTIVE" })], {
      deploymentConfiguration: { strategy: "BLUE_GREEN" },
    });
    await start({ before }, image, foundState(baking, taskDefinition(2, newReference))).apply();
    await start({ before }, { ...proxyImage, containers: { proxy: proxyImage } }).apply();
    expect(runs()).toEqual([]);
  });
});
