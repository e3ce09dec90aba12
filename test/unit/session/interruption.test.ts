import { describe, expect, test } from "vitest";
import { abortedBy, isAbort } from "../../../config/problems/abort.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { verdictOf } from "../../../runner/move/target.ts";
import { unlessInterrupted } from "../../../runner/session/interruption.ts";
import { fakeContext } from "../targets/fakes.ts";

const refused = new UserError({ code: "access-denied", message: "not allowed" });

describe("a part of a run", () => {
  test("returns what its work returns", async () => {
    expect(await unlessInterrupted(fakeContext(), async () => "built", "nothing")).toBe("built");
  });

  test("is not begun once the run is interrupted", async () => {
    const { controller, ...context } = fakeContext();
    controller.abort();
    let begun = false;
    const work = async () => {
      begun = true;
      return "built";
    };
    expect(await unlessInterrupted(context, work, "nothing")).toBe("nothing");
    expect(begun).toBe(false);
  });

  const interrupting = (error: unknown) => {
    const { controller, ...context } = fakeContext();
    const work = async (): Promise<string> => {
      controller.abort();
      throw error;
    };
    return { context, result: unlessInterrupted(context, work, "nothing") };
  };

  test("that is aborted goes on with what it was given", async () => {
    const { context, result } = interrupting(new DOMException("stopped", "AbortError"));
    expect(await result).toBe("nothing");
    expect(context.events).toEqual([]);
  });

  test("that fails otherwise while it stops says so", async () => {
    const { context, result } = interrupting(refused);
    expect(await result).toBe("nothing");
    expect(context.events).toMatchObject([
      { kind: "warning", code: "failed-while-stopping", message: expect.stringContaining("not allowed") },
    ]);
  });

  test("throws a bug, interrupted or not", async () => {
    await expect(interrupting(new TypeError("x is not a function")).result).rejects.toThrow("x is not");
  });

  test("throws what fails in a run that goes on", async () => {
    const failing = unlessInterrupted(fakeContext(), () => Promise.reject(refused), undefined);
    await expect(failing).rejects.toBe(refused);
  });
});

describe("an abort", () => {
  test.each([
    ["of fetch, timers and the SDK", new DOMException("stopped", "AbortError"), true],
    ["of a child process", Object.assign(new Error("killed"), { isCanceled: true }), true],
    ["is no other error", refused, false],
    ["is no time-out", new DOMException("late", "TimeoutError"), false],
    ["is nothing that is no error", "AbortError", false],
  ])("%s", (_, error, expected) => {
    expect(isAbort(error)).toBe(expected);
  });

  test("keeps what went wrong meanwhile as its cause", () => {
    expect(isAbort(abortedBy(refused))).toBe(true);
    expect(abortedBy(refused).cause).toBe(refused);
  });
});

describe("what an exception means for a target", () => {
  test("only an abort is an interruption", () => {
    const aborted = new DOMException("stopped", "AbortError");
    expect(verdictOf(aborted, { applied: false }).outcome).toBe("cancelled");
    expect(verdictOf(aborted, { applied: true }).outcome).toBe("cancelled");
    expect(verdictOf(refused, { applied: true })).toMatchObject({
      outcome: "failed",
      message: "not allowed",
    });
  });
});
