import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { TargetMove } from "../../../runner/move/target.ts";
import { gather, unitsOf } from "../../../runner/move/together.ts";
import { kinds } from "../../../runner/targets/kinds.ts";
import type { PlannedMove } from "../../../runner/targets/target.ts";

const applied: string[][] = [];
const alone: string[] = [];
const list = kinds as unknown as Record<string, unknown>;

beforeAll(() => {
  list.shared = {
    together: {
      key: ({ place }: { place: string }) => place,
      apply: async (moves: readonly PlannedMove<never, never>[]) => {
        applied.push(moves.map(({ plan }) => plan.title));
        return moves.map(({ plan }) =>
          plan.title === "bad"
            ? { status: "rejected", reason: new Error("refused") }
            : { status: "fulfilled", value: `commit of ${plan.title}` },
        );
      },
    },
    apply: async ({ title }: { title: string }) => {
      alone.push(title);
      return `commit of ${title}`;
    },
  };
  list.single = {};
});
afterAll(() => {
  delete list.shared;
  delete list.single;
});
beforeEach(() => {
  applied.length = 0;
  alone.length = 0;
});

const move = (title: string, kind = "shared", place = "main") =>
  ({ plan: { title, target: { kind, place } } }) as unknown as TargetMove;
const asked = (one: TargetMove) => one as unknown as PlannedMove<never, never>;

test("targets of one key are a unit, and every other target is alone", () => {
  const units = unitsOf(
    [move("a"), move("x", "single"), move("b"), move("c", "shared", "prod"), move("y", "single")],
    "/",
  );
  expect(units.map((unit) => unit.map(({ plan }) => plan.title))).toEqual([["a", "b"], ["x"], ["c"], ["y"]]);
});

test("a unit is applied by one call when all that come to it have come", async () => {
  const unit = [move("a"), move("leaves"), move("bad"), move("late")];
  const results = await gather(unit, async (one, gathering) => {
    const { title } = one.plan;
    if (title === "leaves") return "nothing to do";
    if (title === "late") await new Promise((resolve) => setTimeout(resolve, 20));
    return gathering?.apply(asked(one)).catch((error: Error) => error.message);
  });
  expect(results).toEqual(["commit of a", "nothing to do", "refused", "commit of late"]);
  expect(applied).toEqual([["a", "bad", "late"]]);
});

test("nobody waits for one that fails before, and a second attempt is made alone", async () => {
  const work = gather([move("a"), move("fails")], async (one, gathering) => {
    if (one.plan.title === "fails") throw new Error("before");
    await gathering?.apply(asked(one));
    return gathering?.apply(asked(one));
  });
  await expect(work).rejects.toThrow("before");
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(applied).toEqual([["a"]]);
  expect(alone).toEqual(["a"]);
});

test("a target that is alone is applied by its kind", async () => {
  expect(await gather([move("a")], async (_, gathering) => gathering)).toEqual([undefined]);
});
