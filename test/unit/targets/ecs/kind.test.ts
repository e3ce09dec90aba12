import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type Service,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { beforeEach, describe, expect, it } from "vitest";
import type { UserError } from "../../../../config/problems/errors.ts";
import { createEcsKind } from "../../../../runner/targets/ecs/kind.ts";
import type { TaskDefinition } from "../../../../runner/targets/ecs/state.ts";
import { mockClient, takeDeviations } from "../../../aws/mock-client.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../fakes.ts";
import {
  deployment,
  foundState,
  newReference,
  oldReference,
  revision,
  service,
  stoppedTask,
  target,
  task,
  taskDefinition,
} from "./builders.ts";

const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);

const inProgress = (more = {}) => deployment(2, { rolloutState: "IN_PROGRESS", runningCount: 0, ...more });
const old = (more = {}) => deployment(1, { status: "ACTIVE", ...more });

beforeEach(() => {
  ecs.reset();
  logs.reset();
  newestIs(taskDefinition(1, oldReference));
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(2) } });
  ecs.on(UpdateServiceCommand).resolves({ service: service([inProgress(), old()]) });
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [] });
  hasTasks([task("t1", 2), task("t2", 2)], []);
});

/** The newest revision of the family. */
function newestIs(definition: TaskDefinition, tags = [{ key: "team", value: "shop" }]) {
  ecs
    .on(DescribeTaskDefinitionCommand, { taskDefinition: "shop-ui" })
    .resolves({ taskDefinition: definition as never, tags });
}

/** What ListTasks and DescribeTasks answer. */
function hasTasks(running: Task[], stopped: Task[]) {
  const arns = (tasks: Task[]) => ({ taskArns: tasks.map((one) => one.taskArn ?? "") });
  ecs.on(ListTasksCommand, { desiredStatus: "RUNNING" }).resolves(arns(running));
  ecs.on(ListTasksCommand, { desiredStatus: "STOPPED" }).resolves(arns(stopped));
  ecs
    .on(DescribeTasksCommand)
    .callsFake(({ tasks }: { tasks: string[] }) =>
      Promise.resolve({ tasks: [...running, ...stopped].filter((one) => tasks.includes(one.taskArn ?? "")) }),
    );
}

/** One answer of DescribeServices after the other; the last one stays. */
function shows(...services: Service[]) {
  const last = services.at(-1) as Service;
  const behaviour = ecs.on(DescribeServicesCommand);
  for (const one of services) behaviour.resolvesOnce({ services: [one] });
  behaviour.resolves({ services: [last] });
}

function start(state = foundState(), wanted = target) {
  const clock = fakeClock();
  const context = fakeContext();
  const kind = createEcsKind(clock);
  const plan = kind.plan("ui", wanted, state, image);
  const apply = () => kind.apply(plan, image, context);
  const deploy = async () => kind.follow(plan, await apply(), image, context);
  return { clock, context, kind, plan, apply, deploy };
}

const names = () =>
  ecs.calls().map(({ args: [command] }) => command.constructor.name.replace(/Command$/, ""));

describe("applying", () => {
  it("registers one revision and updates the service once", async () => {
    const applied = await start().apply();
    expect(names()).toEqual(["DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"]);
    expect(ecs.commandCalls(UpdateServiceCommand)[0]?.args[0].input).toEqual({
      cluster: "arn:aws:ecs:eu-west-1:111122223333:cluster/shop",
      service: "ui",
      taskDefinition: revision(2),
    });
    expect(applied).toMatchObject({
      deploymentId: "ecs-svc/2",
      revisionArn: revision(2),
      previousArn: revision(1),
    });
  });

  it("takes the revision that a killed run has registered, and registers no other", async () => {
    newestIs(taskDefinition(2, newReference, { registeredAt: 1_800_000_000, registeredBy: "somebody" }));
    const { apply, context } = start();
    expect(await apply()).toMatchObject({ revisionArn: revision(2), previousArn: revision(1) });
    expect(names()).toEqual(["DescribeTaskDefinition", "UpdateService"]);
    expect(context.lines()).toEqual(["reuses shop-ui:2, which is already registered"]);
  });

  it.each([
    ["has another image", taskDefinition(2, oldReference), undefined],
    ["has other tags", taskDefinition(2, newReference), [{ key: "team", value: "pay" }]],
    ["is deregistered", taskDefinition(2, newReference, { status: "INACTIVE" }), undefined],
    ["is what the service is set to", taskDefinition(1, newReference), undefined],
  ])("registers another when the newest %s", async (_, newest, tags) => {
    newestIs(newest, tags);
    await start().apply();
    expect(names()).toContain("RegisterTaskDefinition");
  });

  it("registers another when the newest differs in a field that nobody here knows", async () => {
    newestIs(taskDefinition(2, newReference, { later: 1 }));
    await start().apply();
    expect(names()).toContain("RegisterTaskDefinition");
    expect(takeDeviations()).toMatchObject([{ kind: "unknown-member", path: "taskDefinition.later" }]);
  });

  it("registers another when the family can't be read", async () => {
    ecs.on(DescribeTaskDefinitionCommand).rejects(awsError("ClientException", "Unable to describe"));
    await start().apply();
    expect(names()).toContain("RegisterTaskDefinition");
  });

  it("takes up the deployment of an interrupted run instead of starting another", async () => {
    const busy = service([deployment(2, { rolloutState: "IN_PROGRESS" }), old()]);
    const applied = await start(foundState(busy, taskDefinition(2, newReference))).apply();
    expect(ecs.calls()).toHaveLength(0);
    expect(applied).toMatchObject({ deploymentId: "ecs-svc/2", previousArn: revision(1) });
  });

  it.each(["BLUE_GREEN", "LINEAR", "CANARY"] as const)(
    "takes it up also of strategy %s, whose deployments have no rollout state",
    async (strategy) => {
      const stateless = { rolloutState: undefined };
      // In the bake time: everything runs, and what ran before is still there.
      const busy = service([deployment(2, stateless), old(stateless)], {
        deploymentConfiguration: { strategy },
      });
      const applied = await start(foundState(busy, taskDefinition(2, newReference))).apply();
      expect(ecs.calls()).toHaveLength(0);
      expect(applied).toMatchObject({ deploymentId: "ecs-svc/2", previousArn: revision(1) });
    },
  );

  it("says what ECS refused", async () => {
    ecs.on(RegisterTaskDefinitionCommand).rejects(awsError("ClientException", "Role is not valid"));
    const error = await start()
      .apply()
      .catch((thrown: UserError) => thrown);
    expect((error as UserError).problems[0]).toMatchObject({ code: "aws-refused", where: "ecs shop/ui" });
  });
});

describe("following", () => {
  it("succeeds when the asked-for revision is what runs, by its digest", async () => {
    shows(
      service([inProgress(), old()]),
      service([inProgress({ runningCount: 2 }), old()]),
      service([deployment(2)]),
    );
    const { deploy, context } = start();
    expect(await deploy()).toMatchObject({
      outcome: "done",
      message: "shop-ui:2 runs (2 of 2)",
      running: newReference,
      details: {
        revision: "shop-ui:2",
        previousRevision: "shop-ui:1",
        deployment: "ecs-svc/2",
        runningTasks: 2,
      },
    });
    expect(context.messages()).toEqual(["0/2 running, 2 draining", "2/2 running, 2 draining", "2/2 running"]);
  });

  it("tells each new event once, oldest first, and none from before", async () => {
    const event = (id: string) => ({ id, message: `event ${id}` });
    const state = foundState(service([deployment(1)], { events: [event("a")] }));
    shows(
      service([inProgress()], { events: [event("c"), event("b"), event("a")] }),
      service([deployment(2)], { events: [event("d"), event("c"), event("b")] }),
    );
    const { deploy, context } = start(state);
    await deploy();
    expect(context.lines().filter((line) => line.startsWith("event"))).toEqual([
      "event b",
      "event c",
      "event d",
    ]);
  });

  it("accepts the digest of the platform's own manifest", async () => {
    const containers = [{ name: "ui", imageDigest: sha("a") }];
    hasTasks([task("t1", 2, { containers }), task("t2", 2, { containers })], []);
    shows(service([deployment(2)]));
    expect((await start().deploy()).outcome).toBe("done");
  });

  it("fails when what runs is another image", async () => {
    hasTasks([task("t1", 2), task("t2", 2, { containers: [{ name: "ui", imageDigest: sha("9") }] })], []);
    shows(service([deployment(2)]));
    expect(await start().deploy()).toMatchObject({
      outcome: "failed",
      evidence: [`task t2 runs ${sha("9")}`],
    });
  });

  it("waits for agents to report digests, and says so when they don't", async () => {
    const containers = [{ name: "ui" }];
    hasTasks([task("t1", 2, { containers }), task("t2", 2, { containers })], []);
    shows(service([deployment(2)]));
    const outcome = await start().deploy();
    expect(outcome.outcome).toBe("done");
    expect(outcome.message).toContain("did not report");
    expect(outcome.milliseconds).toBeGreaterThan(15_000);
  });

  it("reports a rollback as such, with reasons, exit codes and the last log lines", async () => {
    const failed = (more = {}) =>
      deployment(2, {
        status: "ACTIVE",
        rolloutState: "FAILED",
        rolloutStateReason: "circuit breaker: tasks failed to start.",
        ...more,
      });
    const back = (rolloutState: "IN_PROGRESS" | "COMPLETED") =>
      deployment(3, { taskDefinition: revision(1), rolloutState });
    shows(
      service([inProgress(), old()]),
      service([inProgress({ failedTasks: 2 }), old()]),
      service([failed(), back("IN_PROGRESS"), old()]),
      service([back("COMPLETED")]),
    );
    hasTasks([], [stoppedTask("dead1", 2), stoppedTask("dead2", 2), stoppedTask("other", 1)]);
    logs.on(GetLogEventsCommand).resolves({ events: [{ message: "no database\n" }] });

    const { deploy, context } = start();
    const outcome = await deploy();
    expect(outcome).toMatchObject({
      outcome: "rolled back",
      message: "shop-ui:2 failed, and ECS rolled back to shop-ui:1: circuit breaker: tasks failed to start.",
      running: oldReference,
      evidence: [
        "2 tasks stopped (last dead1): Essential container in task exited (ui: exit code 1)",
        "failed tasks 2 of 3 (circuit breaker)",
        "last log lines of ui (/shop/ui ui/ui/dead1):",
        "  no database",
      ],
    });
    expect(logs.commandCalls(GetLogEventsCommand)[0]?.args[0].input).toMatchObject({
      logGroupName: "/shop/ui",
      logStreamName: "ui/ui/dead1",
    });
    expect(context.lines()).toContain(
      "failed tasks 2 of 3: Essential container in task exited (ui: exit code 1)",
    );
    expect(context.messages()).toContain("rolling back to shop-ui:1");
  });

  it("fails when another deployment overtakes ours", async () => {
    shows(service([deployment(5, { rolloutState: "IN_PROGRESS" }), inProgress({ status: "ACTIVE" })]));
    expect(await start().deploy()).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("another deployment replaced it: shop-ui:5"),
    });
  });

  it("does not take for done what ECS calls complete while its tasks keep stopping", async () => {
    const { deploy, clock } = start();
    shows(service([deployment(2)]));
    const stopped = [stoppedTask("s0", 2)];
    hasTasks([task("t1", 2), task("t2", 2)], stopped);
    clock.afterSleep = () => {
      stopped.push(stoppedTask(`s${stopped.length}`, 2));
      hasTasks([task(`t${stopped.length}`, 2), task(`u${stopped.length}`, 2)], stopped);
    };
    expect(await deploy()).toMatchObject({
      outcome: "failed",
      message: "ECS reports shop-ui:2 as complete, but its tasks keep stopping",
    });
  });

  it("believes tasks that stay, after one that failed at first", async () => {
    shows(service([deployment(2)]));
    hasTasks([task("t1", 2), task("t2", 2)], [stoppedTask("s0", 2)]);
    const outcome = await start().deploy();
    expect(outcome.outcome).toBe("done");
    expect(outcome.milliseconds).toBeGreaterThanOrEqual(10_000);
  });

  it("does not count tasks that failed in an earlier deployment of the same revision", async () => {
    shows(service([deployment(2)]));
    const before = (deployment(2).createdAt?.getTime() ?? 0) - 1;
    hasTasks([task("t1", 2), task("t2", 2)], [stoppedTask("s0", 2, { createdAt: new Date(before) })]);
    const outcome = await start().deploy();
    expect(outcome).toMatchObject({ outcome: "done", milliseconds: 0 });
  });

  it("reports a time-out with the service's own words, and leaves ECS to go on", async () => {
    const message =
      "(service ui) was unable to place a task because no container instance met its requirements.";
    shows(service([inProgress(), old()], { events: [{ id: "e", message }] }));
    hasTasks([], []);
    const outcome = await start(foundState(), { ...target, timeoutSeconds: 20 }).deploy();
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: "shop-ui:2 was not stable after 20 s (0/2 running, 2 draining); ECS continues the deployment",
      evidence: [message],
      milliseconds: 20_000,
    });
    expect(ecs.commandCalls(UpdateServiceCommand)).toHaveLength(1);
  });

  it("stops waiting when told to, and says what goes on without it", async () => {
    shows(service([inProgress(), old()]));
    const { deploy, clock, context } = start();
    clock.afterSleep = () => context.controller.abort();
    const outcome = await deploy();
    expect(outcome.outcome).toBe("cancelled");
    expect(outcome.message).toContain("ECS continues to deploy shop-ui:2 to shop/ui");
    expect(outcome.running).toBeUndefined();
  });

  it("is done at once with a desired count of 0, and does not pretend that something runs", async () => {
    const none = { desiredCount: 0, runningCount: 0 };
    shows(service([deployment(2, none)], none));
    expect(await start().deploy()).toMatchObject({
      outcome: "done",
      message: "shop-ui:2 is set; desired count is 0, so nothing runs",
    });
  });

  it("warns when nothing will stop a version whose tasks keep failing", async () => {
    const noBreaker = { deploymentConfiguration: {} };
    shows(
      service([inProgress({ failedTasks: 3 })], noBreaker),
      service([inProgress({ failedTasks: 5 })], noBreaker),
      service([deployment(2)], noBreaker),
    );
    hasTasks([task("t1", 2), task("t2", 2)], [stoppedTask("dead1", 2)]);
    const { deploy, context } = start();
    await deploy();
    const warnings = context.events.filter((event) => event.kind === "warning");
    expect(warnings).toMatchObject([{ code: "tasks-keep-failing" }]);
  });

  it("asks for the service about every half second at first, and every five seconds at last", async () => {
    shows(service([inProgress(), old()]));
    hasTasks([], []);
    await start(foundState(), { ...target, timeoutSeconds: 120 }).deploy();
    const looks = ecs.commandCalls(DescribeServicesCommand).length;
    expect(looks).toBeGreaterThan(20);
    expect(looks).toBeLessThan(40);
  });
});

describe("putting back", () => {
  it("sets the service to what ran before, and follows that", async () => {
    const { kind, plan, apply, context } = start();
    const applied = await apply();
    shows(service([deployment(2)]), service([deployment(3, { taskDefinition: revision(1) })]));
    ecs.on(UpdateServiceCommand).resolves({
      service: service([deployment(3, { taskDefinition: revision(1), rolloutState: "IN_PROGRESS" })]),
    });
    expect(await kind.revert(plan, applied, context)).toMatchObject({
      outcome: "rolled back",
      message: "put back to shop-ui:1",
      running: oldReference,
    });
    expect(ecs.commandCalls(UpdateServiceCommand)[1]?.args[0].input.taskDefinition).toBe(revision(1));
  });

  it("leaves alone what is not ours any more", async () => {
    const { kind, plan, apply, context } = start();
    const applied = await apply();
    shows(service([deployment(3, { taskDefinition: revision(1) })]));
    expect(await kind.revert(plan, applied, context)).toMatchObject({
      outcome: "rolled back",
      message: "is already on shop-ui:1",
    });
    expect(ecs.commandCalls(UpdateServiceCommand)).toHaveLength(1);
  });
});
