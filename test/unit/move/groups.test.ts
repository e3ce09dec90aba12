import { ECRClient } from "@aws-sdk/client-ecr";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import { moveTargets } from "../../../runner/move/groups.ts";
import { exitCodeOf, judgeOutcome } from "../../../runner/move/outcome.ts";
import type { TargetMove } from "../../../runner/move/target.ts";
import { notAsked } from "../../../runner/plan/newest-wins.ts";
import type {
  TargetCheck,
  TargetContext,
  TargetOutcome,
  TargetPlan,
} from "../../../runner/targets/target.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecsDoes, ecsTarget, outcome, registry, targetPlan } from "../plan/samples.ts";
import { answerNewestRecord, record } from "../release/releases.ts";
import { fakeContext, image } from "../targets/fakes.ts";

/** How a target behaves, by its service's name. */
interface Behaviour {
  readonly message?: string;
  readonly follow?: "done" | "proposed" | "failed" | "rolled back" | "waits until it is stopped" | "throws";
  readonly revert?: "failed" | "throws";
  /** Somebody else changed it; how it is planned then. */
  readonly changedTo?: Partial<TargetPlan>;
  /** What its checks find when it is planned anew. */
  readonly checks?: readonly TargetCheck[];
}
let behaviour: Record<string, Behaviour> = {};
let calls: string[] = [];

const kind = {
  isAsPlanned: async ({ service }: TargetPlan) => behaviour[service]?.changedTo === undefined,
  inspect: async () => "as it is",
  plan: (service: string, target: TargetPlan["target"]) =>
    targetPlan(service, { target, action: "update", state: service, ...behaviour[service]?.changedTo }),
  verify: async (_: unknown, service: string) => behaviour[service]?.checks ?? [],
  apply: async ({ service }: TargetPlan) => {
    calls.push(`apply ${service}`);
    return `${service} before`;
  },
  follow: async ({ service }: TargetPlan, _: unknown, __: unknown, { signal }: TargetContext) => {
    const how = behaviour[service]?.follow ?? "done";
    if (how === "throws") throw new Error("a bug");
    if (how === "waits until it is stopped") {
      if (!signal.aborted) await new Promise((stopped) => signal.addEventListener("abort", stopped));
      calls.push(`stopped ${service}`);
      return outcome(service, { outcome: "cancelled", message: "stopped waiting" });
    }
    calls.push(`${how} ${service}`);
    return outcome(service, { outcome: how, message: behaviour[service]?.message ?? `${service}:2` });
  },
  resume: ({ service }: TargetPlan) => (service === "function" ? undefined : `${service} as it is`),
  revert: async ({ service }: TargetPlan, applied: unknown): Promise<TargetOutcome> => {
    calls.push(`revert ${service}`);
    expect(applied).toBe(`${service} before`);
    const how = behaviour[service]?.revert;
    if (how === "throws") throw new Error("no answer");
    return how === "failed"
      ? outcome(service, { outcome: "failed", message: "its tasks do not start" })
      : outcome(service, { outcome: "rolled back", message: `put back to ${service}:1` });
  },
};

beforeEach(() => {
  behaviour = {};
  calls = [];
  ecsDoes(kind);
});

const move = (name: string, order = 0, changes: Partial<TargetPlan> = {}): TargetMove => ({
  plan: targetPlan(name, {
    action: "update",
    target: { ...ecsTarget(name), order },
    ...changes,
  }),
  image,
});

function run(moves: readonly TargetMove[], options: { readonly allOrNothing?: boolean } = {}) {
  const { clients, emit, controller, signal, events } = fakeContext();
  const settings = {
    stack: "dev",
    aws: { region: "eu-west-1" },
    deploy: { parallelTargets: 8 },
  } as Settings;
  const { allOrNothing = false } = options;
  const session = { clients, emit, signal, settings, registry, directory: "/nowhere" };
  const ended = moveTargets(session, moves, { step: "move", allOrNothing }).then((results) =>
    results.map((one) => one.outcome),
  );
  const result = async () =>
    Object.fromEntries((await ended).map((one) => [one.service, `${one.outcome}: ${one.message}`]));
  const steps = () =>
    events.flatMap((event) => (event.kind === "step-ended" ? [`${event.id}: ${event.outcome}`] : []));
  return { ended, result, controller, steps };
}

describe("groups", () => {
  test("begin when all of the one before has ended well", async () => {
    await run([move("late", 2), move("early", -1), move("also early", -1), move("middle")]).ended;
    expect(calls.slice(0, 4).sort()).toEqual([
      "apply also early",
      "apply early",
      "done also early",
      "done early",
    ]);
    expect(calls.slice(4)).toEqual(["apply middle", "done middle", "apply late", "done late"]);
  });

  test("after a failure are not started, and say because of what; nothing is put back", async () => {
    behaviour = { ui: { follow: "rolled back" } };
    const { result } = run([move("ui"), move("cart"), move("orders", 1), move("pay", 2)]);
    expect(await result()).toEqual({
      ui: "rolled back: ui:2",
      cart: "done: cart:2",
      orders: "not started: ecs shop/ui failed and was rolled back",
      pay: "not started: ecs shop/ui failed and was rolled back",
    });
    expect(calls).not.toContain("revert cart");
  });

  test("after a proposal are not started, and nothing failed", async () => {
    behaviour = { ui: { follow: "proposed" } };
    const { ended } = run([move("ui"), move("cart"), move("orders", 1)], { allOrNothing: true });
    const outcomes = await ended;
    expect(outcomes.map(({ outcome: one, because }) => [one, because])).toEqual([
      ["proposed", undefined],
      ["done", undefined],
      ["not started", "proposed"],
    ]);
    expect(outcomes[2]?.message).toBe(
      "ecs shop/ui is proposed, not merged: run the command again after the merge",
    );
    expect(calls.filter((call) => call.startsWith("revert"))).toEqual([]);
    const judged = judgeOutcome({ nothingToDo: false, interrupted: false, targets: outcomes });
    expect([judged, exitCodeOf(judged)]).toEqual(["proposed", 0]);
  });

  test("take a proposal back when another target fails and all or nothing is wanted", async () => {
    behaviour = { ui: { follow: "proposed" }, cart: { follow: "failed" } };
    const { result } = run([move("ui"), move("cart")], { allOrNothing: true });
    expect(await result()).toMatchObject({
      ui: "rolled back: put back to ui:1 because ecs shop/cart failed",
    });
  });

  test("go on past targets that run the image already", async () => {
    const { result } = run([move("ui", 0, { action: "none" }), move("cart", 1)]);
    expect(await result()).toEqual({
      ui: "unchanged: already runs this image",
      cart: "done: cart:2",
    });
  });

  test("keep the outcomes in the order of the moves", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }), async (orders) => {
        const moves = orders.map((order) => move(`s${order}`, order % 3));
        const ended = await run(moves).ended;
        expect(ended.map(({ service }) => service)).toEqual(moves.map(({ plan }) => plan.service));
      }),
      { numRuns: 30 },
    );
  });
});

describe("all or nothing", () => {
  test("puts back what was moved, the last group first, and leaves what was unchanged", async () => {
    behaviour = { pay: { follow: "failed" } };
    const moves = [move("ui"), move("same", 0, { action: "none" }), move("cart", 1), move("pay", 2)];
    const { result, steps } = run([...moves, move("never", 3)], { allOrNothing: true });
    expect(await result()).toEqual({
      ui: "rolled back: put back to ui:1 because ecs shop/pay failed",
      same: "unchanged: already runs this image",
      cart: "rolled back: put back to cart:1 because ecs shop/pay failed",
      pay: "failed: pay:2; put back to pay:1",
      never: "not started: ecs shop/pay failed",
    });
    expect(calls.slice(-3)).toEqual(["revert pay", "revert cart", "revert ui"]);
    expect(steps().at(-1)).toBe("put back ecs shop/ui: done");
  });

  test("waits for nothing more once one of a group has failed", async () => {
    behaviour = { ui: { follow: "waits until it is stopped" }, cart: { follow: "rolled back" } };
    const { result } = run([move("ui"), move("cart")], { allOrNothing: true });
    expect(await result()).toEqual({
      ui: "rolled back: put back to ui:1 because ecs shop/cart failed",
      cart: "rolled back: cart:2",
    });
    expect(calls).not.toContain("revert cart");
  });

  test("says what could not be put back, and what to do", async () => {
    behaviour = { ui: { revert: "failed" }, cart: { revert: "throws" }, pay: { follow: "throws" } };
    const outcomes = await run([move("ui"), move("cart"), move("pay", 1)], { allOrNothing: true }).ended;
    const [ui, cart, pay] = outcomes;
    expect(ui).toMatchObject({
      outcome: "failed",
      message: "rollback failed: its tasks do not start",
    });
    expect(ui?.evidence?.at(-1)).toContain("slipway rollback ui");
    expect(cart).toMatchObject({ outcome: "failed", message: "rollback failed: Error: no answer" });
    expect(pay).toMatchObject({ outcome: "failed", message: "Error: a bug; put back to pay:1" });
  });

  test("puts back what was moved when it is interrupted, also what was still moving", async () => {
    behaviour = { cart: { follow: "waits until it is stopped" } };
    const { result, controller } = run([move("ui"), move("cart", 1), move("pay", 2)], { allOrNothing: true });
    await vi.waitUntil(() => calls.includes("apply cart"), { timeout: 15_000 });
    controller.abort();
    expect(await result()).toEqual({
      ui: "rolled back: put back to ui:1 because the run was interrupted",
      cart: "rolled back: put back to cart:1 because the run was interrupted",
      pay: "not started: interrupted before the update started",
    });
  });
});

describe("a target that is to be proven", () => {
  test("is followed and not changed, and is unchanged when that goes well", async () => {
    const { result } = run([move("ui", 0, { action: "prove" }), move("cart", 1)]);
    expect(await result()).toEqual({
      ui: "unchanged: already runs this image; verified again: ui:2",
      cart: "done: cart:2",
    });
    expect(calls).toEqual(["done ui", "apply cart", "done cart"]);
  });

  test("has failed when that fails, keeps later groups from being begun, and is not put back", async () => {
    behaviour = { ui: { follow: "failed", message: "failed its smoke check" } };
    const moves = [move("ui", 1, { action: "prove" }), move("cart"), move("late", 2)];
    expect(await run(moves, { allOrNothing: true }).result()).toEqual({
      ui: "failed: failed its smoke check",
      cart: "rolled back: put back to cart:1 because ecs shop/ui failed",
      late: "not started: ecs shop/ui failed",
    });
    expect(calls).not.toContain("revert ui");
  });

  test("is unchanged where its kind has nothing to prove", async () => {
    const { result } = run([move("function", 0, { action: "prove" })]);
    expect(await result()).toEqual({ function: "unchanged: already runs this image" });
    expect(calls).toEqual([]);
  });
});

describe("an interruption", () => {
  test("leaves what was moved, and begins nothing more", async () => {
    behaviour = { ui: { follow: "waits until it is stopped" } };
    const { result, controller } = run([move("ui"), move("pay", 1)]);
    await vi.waitUntil(() => calls.includes("apply ui"), { timeout: 15_000 });
    controller.abort();
    expect(await result()).toEqual({
      ui: "cancelled: stopped waiting",
      pay: "not started: interrupted before the update started",
    });
    expect(calls).not.toContain("revert ui");
  });
});

describe("a target that somebody else has changed since it was looked at", () => {
  test("is planned anew", async () => {
    behaviour = { ui: { changedTo: { action: "update" } } };
    expect(await run([move("ui")]).result()).toEqual({ ui: "done: ui:2" });
  });

  test("is left alone when it runs the image by now", async () => {
    behaviour = { ui: { changedTo: { action: "none" } } };
    expect(await run([move("ui")]).result()).toEqual({
      ui: "unchanged: another run has already moved it to this image",
    });
    expect(calls).toEqual([]);
  });

  test("is not started when a newer commit is already deployed there, and nothing after it is", async () => {
    behaviour = { ui: { changedTo: { action: "update" } } };
    const ours = { commit: "a".repeat(40), committedAt: new Date("2026-05-04T10:00:00Z") };
    const theirs = { commit: "b".repeat(40), committedAt: "2026-05-04T11:00:00.000Z" };
    answerNewestRecord(mockClient(ECRClient), {
      record: record("r", "1", { source: theirs }),
      digest: undefined,
    });
    const newestWins = notAsked({ commit: ours, command: "deploy", force: false });
    const moves = [{ ...move("ui"), newestWins }, move("cart", 1)];
    const outcomes = await run(moves).ended;
    expect(outcomes).toMatchObject([
      {
        outcome: "not started",
        because: "superseded",
        message: expect.stringContaining("a newer commit is already deployed"),
      },
      { outcome: "not started", message: "ecs shop/ui was superseded" },
    ]);
    expect(calls).toEqual([]);
    expect(judgeOutcome({ nothingToDo: false, targets: outcomes, interrupted: false })).toBe("superseded");
    expect(exitCodeOf("superseded")).toBe(3);
  });

  test("fails when it lacks by now what its tasks need", async () => {
    const missing = { name: "secret db", state: "fail", message: "there is no such secret" } as const;
    behaviour = { ui: { changedTo: { action: "update" }, checks: [missing] } };
    expect(await run([move("ui")]).result()).toEqual({
      ui: "failed: ecs shop/ui: secret db: there is no such secret",
    });
    expect(calls).toEqual([]);
  });

  test("fails with what is in the way now", async () => {
    behaviour = {
      ui: { changedTo: { problems: [{ code: "service-draining", message: "it is being deleted" }] } },
    };
    expect(await run([move("ui")]).result()).toEqual({ ui: "failed: it is being deleted" });
    expect(calls).toEqual([]);
  });
});

test("a failure of a known kind comes with a hint", async () => {
  behaviour = { ui: { follow: "failed", message: "ui:2 failed: CannotPullContainerError: not found" } };
  const { clients, emit, signal } = fakeContext();
  const settings = { deploy: { parallelTargets: 8 } } as Settings;
  const moves = [move("ui"), move("pay")];
  const options = { step: "move", allOrNothing: false };
  const session = { clients, emit, signal, settings, registry, directory: "/nowhere" };
  const outcomes = await moveTargets(session, moves, options);
  expect(JSON.stringify(outcomes)).toContain("no longer in the registry");
});
