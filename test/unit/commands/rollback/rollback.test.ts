import { describe, expect, it } from "vitest";
import type { Problem } from "../../../../config/problems/errors.ts";
import type { LambdaTarget } from "../../../../config/targets/lambda/target.ts";
import type { Target } from "../../../../config/targets/target.ts";
import { chooseRelease, reusableInTargets } from "../../../../runner/commands/rollback/choose.ts";
import { movedAtOnce } from "../../../../runner/commands/rollback/rollback.ts";
import type { EarlierRelease } from "../../../../runner/release/record.ts";
import { targetPlan } from "../../plan/samples.ts";
import { earlier, sha } from "../../release/releases.ts";
import { service } from "../../stack/services.ts";

const choose = (releases: readonly EarlierRelease[], running: readonly string[], to?: string) =>
  chooseRelease({ service: service("ui"), repository: "shop/ui", releases, running }, to, "prod");
const idOf = (choice: EarlierRelease | Problem) => ("id" in choice ? choice.id : choice.code);

const releases = [
  earlier("20261125-100000-cccccc", "c", { tags: ["v3"] }),
  earlier("20261124-100000-bbbbbb", "b", { tags: ["v2"], outcome: "rolled back" }),
  earlier("20261123-100000-aaaaaa", "a", { tags: ["v1"] }),
];

describe("choosing the release to go back to", () => {
  it("takes the last that ended well before the one that runs", () => {
    expect(idOf(choose(releases, [sha("c")]))).toBe("20261123-100000-aaaaaa");
  });

  it("finishes a rollback that was killed before it could be recorded, and goes no further", () => {
    const more = [...releases, earlier("20261122-100000-000000", "0")];
    expect(idOf(choose(more, [sha("a")]))).toBe("20261123-100000-aaaaaa");
    const recorded = [earlier("20261126-100000-dddddd", "a", { backTo: "20261123-100000-aaaaaa" }), ...more];
    expect(idOf(choose(recorded, [sha("a")]))).toBe("20261122-100000-000000");
  });

  it("takes the one that was named, also a newer one", () => {
    expect(idOf(choose(releases, [sha("c")], "v1"))).toBe("20261123-100000-aaaaaa");
    expect(idOf(choose(releases, [sha("a")], "v3"))).toBe("20261125-100000-cccccc");
  });

  it("refuses when nothing came before, or nothing is recorded", () => {
    expect(choose(releases.slice(2), [sha("a")])).toMatchObject({
      code: "no-earlier-release",
      where: "shop/ui, stack prod",
      message: "ui has no successful release before the one that runs",
    });
    expect(choose([], [sha("a")])).toMatchObject({ message: "ui has no recorded releases" });
  });

  it("refuses a name that no release has, and says which there are", () => {
    expect(choose(releases, [sha("c")], "v9")).toMatchObject({
      code: "unknown-release",
      value: "v9",
      fix: "choose one with --to; releases that succeeded: 20261123-100000-aaaaaa (v1)",
    });
  });

  it("refuses a release that did not end well", () => {
    expect(choose(releases, [sha("c")], "v2")).toMatchObject({
      code: "release-failed",
      message: "release 20261124-100000-bbbbbb of ui did not succeed (rolled back)",
    });
    const again = [earlier("20261126-100000-dddddd", "b", { tags: ["v2"] }), ...releases];
    expect(idOf(choose(again, [sha("c")], "v2"))).toBe("20261126-100000-dddddd");
  });
});

describe("going back", () => {
  it("moves a function's alias at once, with its check and without the steps of a shift", () => {
    const pay: LambdaTarget = {
      kind: "lambda",
      function: "pay",
      alias: "live",
      timeoutSeconds: 60,
      order: 0,
      check: { payload: {}, timeoutSeconds: 3 },
      shift: { steps: [{ percent: 10, seconds: 60 }], alarms: ["pay-errors"] },
    };
    const [target] = movedAtOnce({ ...service("pay"), targets: [pay] }).targets;
    expect(target).not.toHaveProperty("shift");
    expect(target).toMatchObject({ function: "pay", check: pay.check });
  });

  it("does not run the task that comes before an ECS service is moved", () => {
    const ecs = {
      ...targetPlan("ui").target,
      before: { container: "ui", command: ["migrate"], timeoutSeconds: 60 },
    } as Target;
    const [target] = movedAtOnce({ ...service("ui"), targets: [ecs] }).targets;
    expect(target).not.toHaveProperty("before");
    expect(target).toMatchObject({ kind: "ecs", service: "ui" });
  });
});

describe("what a release left in its targets", () => {
  const left = { outcome: "done", message: "" };
  const targets = [
    { ...left, kind: "ecs", title: "ecs shop/ui", details: { revision: "ui:7" } },
    { ...left, kind: "ecs", title: "ecs shop/cart", sidecar: "envoy", details: { revision: "cart:3" } },
    { ...left, kind: "lambda", title: "lambda f:live", details: { version: "5" } },
  ];

  it("is a function's version, and a revision where that is asked for; of a sidecar nothing", () => {
    expect(reusableInTargets({ targets }, false)).toEqual({ "lambda f:live": "5" });
    expect(reusableInTargets({ targets }, true)).toEqual({ "lambda f:live": "5", "ecs shop/ui": "ui:7" });
    expect(reusableInTargets(undefined, true)).toEqual({});
  });
});
