import type { Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EcsApplied } from "../../../../../runner/targets/ecs/apply.ts";
import { cancelledEnd, timedOutEnd } from "../../../../../runner/targets/ecs/follow/ends.ts";
import { type Look, next, type Step } from "../../../../../runner/targets/ecs/follow/next.ts";
import { beginFollowing, type FollowState } from "../../../../../runner/targets/ecs/follow/state.ts";
import { deployment, revision, service, stoppedTask } from "../builders.ts";

const start = 1_700_000_000_000;
const applied: EcsApplied = {
  cluster: "shop",
  service: "ui",
  revisionArn: revision(2),
  previousArn: revision(1),
  deploymentId: "ecs-svc/2",
  createdAt: new Date(start),
  startedAt: start,
  seenEvents: ["old"],
};
const begin = beginFollowing(applied);

const moving = deployment(2, { rolloutState: "IN_PROGRESS", runningCount: 1 });
const waiting = service([moving]);
const settled = service([deployment(2)]);
const back = (rolloutState: "IN_PROGRESS" | "COMPLETED") =>
  service([
    deployment(1, { rolloutState, rolloutStateReason: "rolling back" }),
    deployment(2, { status: "ACTIVE", rolloutState: "FAILED", rolloutStateReason: "tasks failed to start" }),
  ]);
const withoutBreaker = { deploymentConfiguration: {} };
const stopped = [1, 2, 3, 4, 5].map((id) => stoppedTask(`t${id}`, 2));

const look = (found: Service | undefined, more: Partial<Look> = {}): Look => ({
  service: found,
  ours: undefined,
  attempt: 0,
  at: start + 1000,
  ...more,
});
const accepted: Look["acceptance"] = { kind: "accepted", note: "", gates: [] };
const further = (step: Step) => (step.kind === "wants" ? step.further.what : undefined);

function decided(before: FollowState, seen: Look) {
  const step = next(before, seen, applied);
  if (step.kind === "wants") throw new Error(`wants ${step.further.what}`);
  return step;
}

describe("what a look leads to", () => {
  it.each([
    ["a deployment in progress", look(waiting), undefined],
    ["all tasks run", look(settled), "acceptance"],
    ["it failed", look(back("IN_PROGRESS")), "evidence"],
    ["more failed tasks", look(service([{ ...moving, failedTasks: 1 }])), "stopped"],
    ["the fourth look without a breaker", look(service([moving], withoutBreaker), { attempt: 3 }), "stopped"],
    ["the third look without a breaker", look(service([moving], withoutBreaker), { attempt: 2 }), undefined],
    ["tasks that keep stopping", look(settled, { acceptance: { kind: "tasks keep stopping" } }), "evidence"],
  ])("%s: asks for %s only when it is needed", (_, seen, asked) => {
    expect(further(next(begin, seen, applied))).toBe(asked);
  });

  it.each<[string, Look, string, string]>([
    ["accepted tasks", look(settled, { acceptance: accepted }), "done", "shop-ui:2 runs (2 of 2)"],
    [
      "another image",
      look(settled, { acceptance: { kind: "wrong image", tasks: ["task 1 runs sha256:0"] } }),
      "failed",
      "shop-ui:2 does not run the image that was pushed",
    ],
    [
      "tasks that keep stopping",
      look(settled, { acceptance: { kind: "tasks keep stopping" }, evidence: ["exit code 1"] }),
      "failed",
      "ECS reports shop-ui:2 as complete, but its tasks keep stopping",
    ],
    [
      "no tasks wanted",
      look(service([deployment(2, { desiredCount: 0, runningCount: 0 })])),
      "done",
      "shop-ui:2 is set; desired count is 0, so nothing runs",
    ],
    ["no service", look(undefined), "failed", "the service was deleted while it was followed"],
    [
      "a rollback that is over",
      look(back("COMPLETED"), { evidence: ["exit code 1"] }),
      "rolled back",
      "shop-ui:2 failed, and ECS rolled back to shop-ui:1: tasks failed to start",
    ],
    [
      "five tasks that end in the same way, with none running and no breaker",
      look(service([{ ...moving, runningCount: 0 }], withoutBreaker), { attempt: 3, stopped, evidence: [] }),
      "failed",
      "shop-ui:2 does not start: its tasks end as soon as they start: Essential container in task exited (ui: exit code 1); ECS keeps trying (the service has no deployment circuit breaker)",
    ],
  ])("%s: the end", (_, seen, outcome, message) => {
    expect(decided(begin, seen).end).toMatchObject({ outcome, message });
  });

  it("remembers why it failed while ECS rolls back, and says it once", () => {
    const first = decided(begin, look(back("IN_PROGRESS"), { evidence: ["exit code 1"] }));
    expect(first.end).toBeUndefined();
    expect(first.say).toEqual([
      { kind: "log", text: "tasks failed to start" },
      { kind: "progress", text: "rolling back to shop-ui:1" },
    ]);
    // The failed deployment has left the list by now.
    const then = decided(first.state, look(service([deployment(1)])));
    expect(then.end).toMatchObject({ outcome: "rolled back", evidence: ["exit code 1"] });
    expect(then.say).toEqual([]);
  });

  it("warns of tasks that keep failing once, where no breaker would end it", () => {
    const failing = (failedTasks: number) => service([{ ...moving, failedTasks }], withoutBreaker);
    const third = decided(begin, look(failing(3), { stopped }));
    expect(third.say.map(({ kind }) => kind)).toEqual(["log", "keeps failing", "progress"]);
    const fourth = decided(third.state, look(failing(4), { stopped }));
    expect(fourth.say.map(({ kind }) => kind)).toEqual(["log", "progress"]);
  });

  it("counts the time in a stage from when it was seen to begin", () => {
    const ours = (lifecycleStage: "SCALE_UP" | "BAKE_TIME"): ServiceDeployment => ({
      status: "IN_PROGRESS",
      lifecycleStage,
      deploymentConfiguration: { strategy: "BLUE_GREEN", bakeTimeInMinutes: 5 },
    });
    const before = decided(begin, look(waiting, { ours: ours("SCALE_UP") }));
    const baking = decided(before.state, look(waiting, { ours: ours("BAKE_TIME"), at: start + 60_000 }));
    const later = decided(baking.state, look(waiting, { ours: ours("BAKE_TIME"), at: start + 180_000 }));
    expect(later.say).toMatchObject([{ text: expect.stringContaining("baking, 2 of 5 min") }]);
  });
});

describe("the end of waiting", () => {
  it("says how far it came, with the newest events first", () => {
    const events = [{ id: "new", message: "(service ui) has started 1 tasks" }];
    const { state } = decided(begin, look(service([moving], { events })));
    expect(timedOutEnd(state, applied, 300, ["exit code 1"])).toMatchObject({
      outcome: "failed",
      message: "shop-ui:2 was not stable after 300 s (1/2 running); ECS continues the deployment",
      evidence: ["(service ui) has started 1 tasks", "exit code 1"],
    });
  });

  it("has the reason of a failure whose rollback is not over", () => {
    const { state } = decided(begin, look(back("IN_PROGRESS"), { evidence: ["exit code 1"] }));
    expect(timedOutEnd(state, applied, 300, []).message).toBe(
      "shop-ui:2 failed, and its rollback was not complete after 300 s: tasks failed to start",
    );
    expect(cancelledEnd(state, applied)).toMatchObject({
      outcome: "cancelled",
      evidence: ["exit code 1"],
      revisionArn: undefined,
    });
  });
});

describe("whatever is seen", () => {
  const services = fc.constantFrom(waiting, settled, back("IN_PROGRESS"), back("COMPLETED"), undefined);
  const events = fc.array(fc.constantFrom("old", "a", "b", "c"), { maxLength: 4 });

  it("each event is told once, nothing changes a state that was handed in, and a full look is decided", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(services, events), { maxLength: 8 }), (looks) => {
        let state = begin;
        const told: string[] = [];
        for (const [attempt, [found, ids]] of looks.entries()) {
          const seen: Look = {
            ...look(found && { ...found, events: [...new Set(ids)].map((id) => ({ id, message: id })) }),
            attempt,
            stopped: [],
            evidence: [],
            acceptance: { kind: "open", waiting: [] },
          };
          const before = structuredClone(state);
          const step = decided(state, seen);
          expect(state).toEqual(before);
          expect(next(state, seen, applied)).toEqual(step);
          told.push(
            ...step.say.flatMap((line) => ("text" in line && line.text.length === 1 ? [line.text] : [])),
          );
          state = step.state;
        }
        expect(told).toEqual([...new Set(told)]);
        expect(told).not.toContain("old");
      }),
    );
  });
});
