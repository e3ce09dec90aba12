import { describe, expect, it, test } from "vitest";
import { createEcsKind } from "../../../../runner/targets/ecs/kind.ts";
import { bakeSeconds, strategyNotes } from "../../../../runner/targets/ecs/strategy.ts";
import { takeDeviations } from "../../../aws/mock-client.ts";
import { fakeClock, fakeContext, image, sha } from "../fakes.ts";
import { foundState, newReference, oldReference, revision, service, target } from "./builders.ts";
import { answering, type Recording, recording, withEcs, withRolloutStates } from "./wire.ts";

const tasks = (digest: string) =>
  ["t1", "t2"].map((id) => ({
    taskArn: `arn:aws:ecs:eu-west-1:111122223333:task/shop/${id}`,
    taskDefinitionArn: revision(2),
    lastStatus: "RUNNING",
    containers: [{ name: "ui", imageDigest: digest }],
  }));

/** Follows a recorded deployment to its end, as a deployment of `image` that was just started. */
async function follow(name: string, timeoutSeconds = 60, change = (recorded: Recording) => recorded) {
  const clock = fakeClock();
  const context = fakeContext();
  const running = tasks(sha("1"));
  const ecs = answering(change(await recording(name)), {
    ListTasks: { taskArns: running.map(({ taskArn }) => taskArn) },
    DescribeTasks: { tasks: running },
  });
  const kind = createEcsKind(clock);
  const plan = kind.plan("ui", { ...target, timeoutSeconds }, foundState(), image);
  const applied = {
    cluster: "shop",
    service: "ui",
    revisionArn: revision(2),
    previousArn: revision(1),
    deploymentId: undefined,
    createdAt: new Date(1_700_000_002_000),
    startedAt: clock.now(),
    seenEvents: [],
  };
  const outcome = await kind.follow(plan, applied, image, {
    ...context,
    clients: withEcs(context.clients, ecs),
  });
  return { outcome, messages: context.messages(), lines: context.lines() };
}

describe("ECS's own strategies, followed through the service deployments API", () => {
  it("succeed at their end, which comes after the bake time, however short the time-out", async () => {
    const { outcome, messages } = await follow("blue-green-success", 60);
    expect(outcome).toMatchObject({
      outcome: "done",
      message: "shop-ui:2 runs (2 of 2)",
      running: newReference,
    });
    expect(outcome.milliseconds).toBeGreaterThan(300_000);
    expect(messages).toEqual([
      "0/2 running, 2 pending, 2 of before, scale up",
      "2/2 running, 2 of before, 100 % of test traffic, post test traffic shift, hook check-orders runs",
      "2/2 running, 2 of before, 100 % of traffic, production traffic shift",
      ...[0, 1, 2, 3, 4, 5].map(
        (minute) => `2/2 running, 2 of before, 100 % of traffic, baking, ${minute} of 5 min`,
      ),
      "2/2 running, 100 % of traffic, clean up",
    ]);
  });

  it("name the alarm that ended them", async () => {
    const { outcome, messages } = await follow("canary-alarm-rollback");
    expect(outcome).toMatchObject({
      outcome: "rolled back",
      message: expect.stringMatching(
        /shop-ui:2 failed, and ECS rolled back to shop-ui:1: .*; alarm ui-5xx fired$/,
      ),
      running: oldReference,
    });
    expect(messages).toEqual([
      "2/2 running, 2 of before, 10 % of traffic, production traffic shift",
      "rolling back to shop-ui:1",
    ]);
  });

  it("count failures as the circuit breaker does", async () => {
    const { outcome, messages, lines } = await follow("rolling-breaker-rollback");
    expect(messages).toContain("0/2 running, 1 pending, 2 draining, failed tasks 2 of 3");
    expect(lines.join()).toContain("failed tasks 2 of 3");
    expect(outcome).toMatchObject({
      outcome: "rolled back",
      message: expect.stringContaining("circuit breaker threshold was exceeded"),
    });
  });

  it("name the hook that stopped them", async () => {
    const { outcome } = await follow("linear-hook-failed");
    expect(outcome).toMatchObject({
      outcome: "rolled back",
      message: expect.stringMatching(/lifecycle hook failed\.; hook check-orders failed$/),
    });
  });

  it("fail where somebody stopped them", async () => {
    const { outcome, messages } = await follow("rolling-stopped-by-user");
    expect(messages.join("\n")).toContain("being stopped by a user");
    expect(outcome).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("stopped by the user"),
    });
  });

  it("are rolled back when somebody stopped them so", async () => {
    const { outcome } = await follow("blue-green-stopped-with-rollback");
    expect(outcome).toMatchObject({
      outcome: "rolled back",
      message: expect.stringContaining("stopped by the user"),
      running: oldReference,
    });
  });

  it("say until when they are paused, and how to go on; once", async () => {
    const { outcome, messages, lines } = await follow("blue-green-paused");
    expect(messages[0]).toContain("paused by hook p1 until 2023-11-14T22:43Z, then rollback");
    expect(lines.filter((line) => line.includes("aws ecs continue-service-deployment"))).toHaveLength(1);
    expect(outcome.outcome).toBe("done");
  });
});

test.each([
  ["blue-green-success", "done"],
  ["blue-green-paused", "done"],
  ["blue-green-stopped-with-rollback", "rolled back"],
  ["canary-alarm-rollback", "rolled back"],
  ["linear-hook-failed", "rolled back"],
])("%s ends alike where ECS tells a rollout state", async (name, outcome) => {
  expect((await follow(name, 60, withRolloutStates)).outcome.outcome).toBe(outcome);
  // The documents say that there is none.
  expect(new Set(takeDeviations().map(({ kind }) => kind))).toEqual(new Set(["combination"]));
});

describe("bake time", () => {
  it.each([
    [{}, 0],
    [{ strategy: "ROLLING", bakeTimeInMinutes: 5 }, 0],
    [{ strategy: "BLUE_GREEN", bakeTimeInMinutes: 5 }, 300],
    [{ strategy: "CANARY", bakeTimeInMinutes: 5, canaryConfiguration: { canaryBakeTimeInMinutes: 2 } }, 420],
    [{ strategy: "CANARY" }, 600],
    [
      {
        strategy: "LINEAR",
        bakeTimeInMinutes: 1,
        linearConfiguration: { stepPercent: 30, stepBakeTimeInMinutes: 2 },
      },
      (3 * 2 + 1) * 60,
    ],
  ] as const)("of %j is %d s", (configuration, seconds) => {
    expect(bakeSeconds(configuration)).toBe(seconds);
  });

  it("is told in the plan, and so are pauses", () => {
    const deploymentConfiguration = {
      strategy: "BLUE_GREEN",
      bakeTimeInMinutes: 30,
      lifecycleHooks: [{ targetType: "PAUSE", lifecycleStages: ["POST_SCALE_UP"] }],
    } as const;
    const found = service([], {
      deploymentConfiguration: {
        ...deploymentConfiguration,
        lifecycleHooks: [
          ...deploymentConfiguration.lifecycleHooks.map((hook) => ({
            ...hook,
            lifecycleStages: [...hook.lifecycleStages],
          })),
        ],
      },
    });
    expect(strategyNotes(found, 900)).toEqual([
      "ECS moves it blue/green, and bakes for 30 min: it is followed for 30 min longer than timeoutSeconds (900 s)",
      "it pauses at POST_SCALE_UP until a user continues it; that time counts towards timeoutSeconds",
    ]);
  });
});
