import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import { describe, expect, it } from "vitest";
import { failureLimit } from "../../../../../runner/targets/ecs/follow/progress.ts";
import { judgeDeployment } from "../../../../../runner/targets/ecs/follow/verdict.ts";
import { deployment, revision, service } from "../builders.ts";

const followed = { deploymentId: "ecs-svc/2", revisionArn: revision(2) };
const old = (more: object = {}) => deployment(1, { status: "ACTIVE", ...more });

function look(deployments: Parameters<typeof service>[0], ours?: ServiceDeployment, more: object = {}) {
  return judgeDeployment(service(deployments, more), followed, ours);
}

describe("judging a deployment by the service's own list", () => {
  it("waits while it is in progress, and says where it is", () => {
    const ours = deployment(2, {
      rolloutState: "IN_PROGRESS",
      runningCount: 1,
      pendingCount: 1,
      failedTasks: 2,
    });
    expect(look([ours, old({ runningCount: 1 })])).toEqual({
      kind: "waiting",
      message: "1/2 running, 1 pending, 1 draining, failed tasks 2 of 3",
    });
  });

  it("finds ours wherever it stands in the list", () => {
    expect(look([old(), deployment(2)]).kind).toBe("settled");
  });

  it("is not content until all tasks run", () => {
    expect(look([deployment(2, { runningCount: 1 })]).kind).toBe("waiting");
  });

  it("does not take a completed rollback for success", () => {
    const rolledBack = deployment(3, { taskDefinition: revision(1) });
    const ours = deployment(2, {
      status: "ACTIVE",
      rolloutState: "FAILED",
      rolloutStateReason: "ECS deployment circuit breaker: tasks failed to start.",
    });
    expect(look([rolledBack, ours])).toEqual({
      kind: "failed",
      reason: "ECS deployment circuit breaker: tasks failed to start.",
      rollback: "complete",
    });
  });

  it("knows a rollback also when our deployment has left the list", () => {
    const rolledBack = deployment(3, {
      taskDefinition: revision(1),
      rolloutState: "IN_PROGRESS",
      rolloutStateReason: "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.",
    });
    expect(look([rolledBack])).toMatchObject({ kind: "failed", rollback: "in progress" });
  });

  it("knows a failure without a rollback", () => {
    expect(look([deployment(2, { rolloutState: "FAILED" }), old()])).toMatchObject({
      kind: "failed",
      rollback: "none",
    });
  });

  it("sees when another deployment took its place", () => {
    const other = deployment(3, { rolloutState: "IN_PROGRESS" });
    const verdict = look([other, deployment(2, { status: "ACTIVE", rolloutState: "IN_PROGRESS" })]);
    expect(verdict.kind).toBe("overtaken");
    expect(verdict).toMatchObject({ reason: expect.stringContaining("shop-ui:3") });
  });

  it("is settled at once with a desired count of 0", () => {
    const none = deployment(2, { desiredCount: 0, runningCount: 0 });
    expect(look([none], undefined, { desiredCount: 0 })).toMatchObject({ kind: "settled", desired: 0 });
  });

  it("goes by the counts where ECS tells no rollout state", () => {
    const silent = deployment(2, { rolloutState: undefined });
    expect(look([silent, old()]).kind).toBe("waiting");
    expect(look([silent]).kind).toBe("settled");
  });
});

describe("judging by the service deployments API", () => {
  const running = [deployment(2)];

  it("waits for its end, also while all tasks run: traffic shifts, alarms are watched", () => {
    const verdict = look(running, { status: "IN_PROGRESS", lifecycleStage: "BAKE_TIME" });
    expect(verdict).toEqual({ kind: "waiting", message: "2/2 running, baking" });
  });

  it("takes its failure count and threshold", () => {
    const ours = {
      status: "IN_PROGRESS" as const,
      deploymentCircuitBreaker: { failureCount: 4, threshold: 10 },
    };
    expect(look(running, ours)).toMatchObject({ message: "2/2 running, failed tasks 4 of 10" });
  });

  it("is settled by success, also where the service's own list tells no rollout state", () => {
    expect(look(running, { status: "SUCCESSFUL" }).kind).toBe("settled");
    const silent = deployment(2, { rolloutState: undefined });
    expect(look([silent, old()], { status: "SUCCESSFUL" }).kind).toBe("settled");
  });

  it.each([
    ["ROLLBACK_REQUESTED", "in progress"],
    ["ROLLBACK_IN_PROGRESS", "in progress"],
    ["ROLLBACK_SUCCESSFUL", "complete"],
    ["ROLLBACK_FAILED", "failed"],
  ] as const)("%s is a failure, its rollback %s", (status, rollback) => {
    const ours = { status, rollback: { reason: "alarm ui-5xx went off" } };
    expect(look([deployment(1)], ours)).toEqual({
      kind: "failed",
      reason: "alarm ui-5xx went off",
      rollback,
    });
  });

  it("tells stopped by somebody from overtaken", () => {
    expect(look(running, { status: "STOPPED", statusReason: "stopped by user" })).toMatchObject({
      kind: "failed",
      reason: "stopped by user",
    });
    expect(look([deployment(3)], { status: "STOPPED" }).kind).toBe("overtaken");
  });
});

describe("the circuit breaker's limit", () => {
  it.each([
    [2, 3],
    [10, 5],
    [1000, 200],
  ])("of a service of %i tasks is %i", (desiredCount, limit) => {
    expect(failureLimit(service([], { desiredCount }))).toBe(limit);
  });

  it("is not there when the breaker is off", () => {
    expect(failureLimit(service([], { deploymentConfiguration: {} }))).toBeUndefined();
    const deploymentCircuitBreaker = { status: "DISABLED", failureCount: 0, threshold: 0 } as const;
    expect(failureLimit(service([]), { deploymentCircuitBreaker })).toBeUndefined();
  });
});
