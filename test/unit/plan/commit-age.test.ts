import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ageOf, supersededProblem, undecidedNotice } from "../../../runner/plan/commit-age.ts";

const first = "a".repeat(40);
const second = "b".repeat(40);
const at = (seconds: number) => new Date(Date.UTC(2026, 4, 4, 10, 0, seconds));
const commit = (id: string, committedAt?: Date) => ({ commit: id, committedAt });

describe("a commit", () => {
  test.each([
    [
      "is older than one that comes from it, whatever the clocks say",
      commit(first, at(9)),
      commit(second, at(1)),
      first,
      "older",
    ],
    ["is newer than one that it comes from", commit(second, at(1)), commit(first, at(9)), first, "newer"],
    [
      "is apart from one of another branch",
      commit(first, at(1)),
      commit(second, at(9)),
      "c".repeat(40),
      "apart",
    ],
    ["is apart from one of another history", commit(first, at(1)), commit(second, at(9)), "", "apart"],
    ["is the same as itself", commit(first), commit(first, at(9)), undefined, "same"],
    [
      "is older by its time where history does not tell",
      commit(first, at(1)),
      commit(second, at(9)),
      undefined,
      "older",
    ],
    [
      "is newer by its time where history does not tell",
      commit(first, at(9)),
      commit(second, at(1)),
      undefined,
      "newer",
    ],
    ["of the same second is neither", commit(first, at(1)), commit(second, at(1)), undefined, "unknown"],
    ["without a time is neither", commit(first), commit(second, at(1)), undefined, "unknown"],
  ])("%s", (_, ours, running, ancestor, age) => {
    expect(ageOf(ours, running, ancestor)).toBe(age);
  });

  test("is never older than another one that is older than it", () => {
    const any = fc.record({
      commit: fc.constantFrom(first, second, "c".repeat(40)),
      committedAt: fc.option(fc.integer({ min: 0, max: 9 }).map(at), { nil: undefined }),
    });
    const ancestor = fc.constantFrom(undefined, "", first, second, "c".repeat(40));
    fc.assert(
      fc.property(any, any, ancestor, (one, other, base) => {
        const mirrored = { older: "newer", newer: "older", same: "same", apart: "apart", unknown: "unknown" };
        fc.pre(base === undefined || base === "" || !(one.commit === other.commit));
        expect(ageOf(other, one, base)).toBe(mirrored[ageOf(one, other, base)]);
      }),
    );
  });
});

test("says which release and commit is newer, and how to go on", () => {
  const running = { service: "ui", release: "20260504-100000-abcdef", ...commit(second, at(0)) };
  expect(supersededProblem(running, commit(first), "dev", "deploy")).toEqual({
    code: "superseded",
    where: "ui on dev",
    value: "aaaaaaa",
    message:
      "a newer commit is already deployed: bbbbbbb of 2026-05-04 10:00, in release 20260504-100000-abcdef",
    fix: "deploy the newer commit; to go back to an older one, use slipway rollback or --force",
  });
  expect(undecidedNotice(running, commit(first), "apart")).toContain("a different branch");
});
