import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { pauseMilliseconds, poll, pollPolicy } from "../../../runner/targets/poll.ts";
import { fakeClock } from "./fakes.ts";

const { signal } = new AbortController();
const unreachable = () => new UserError({ code: "unreachable", message: "no answer" });

function options(seconds: number) {
  const clock = fakeClock();
  return { clock, policy: pollPolicy, until: clock.now() + seconds * 1000, signal };
}

describe("polling", () => {
  it("looks at once", async () => {
    const how = options(10);
    const start = how.clock.now();
    expect(await poll(async () => "there", how)).toBe("there");
    expect(how.clock.now()).toBe(start);
  });

  it("pauses half a second at first, and never longer than five", () => {
    expect(pauseMilliseconds(pollPolicy, 0, 0)).toBe(500);
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        const pause = pauseMilliseconds(pollPolicy, attempt, random);
        expect(pause).toBeGreaterThanOrEqual(400);
        expect(pause).toBeLessThanOrEqual(5000);
      }),
    );
  });

  it("gives up when the time is up, not a pause later", async () => {
    const how = options(12);
    const start = how.clock.now();
    let looks = 0;
    expect(
      await poll(async () => {
        looks++;
        return undefined;
      }, how),
    ).toBeUndefined();
    expect(how.clock.now() - start).toBe(12_000);
    expect(looks).toBeGreaterThan(5);
  });

  it("bears a look without an answer, and says so", async () => {
    const told: string[] = [];
    let looks = 0;
    const answer = await poll(
      async () => {
        if (++looks < 3) throw unreachable();
        return looks;
      },
      { ...options(60), onNoAnswer: (error) => told.push(error.message) },
    );
    expect(answer).toBe(3);
    expect(told).toEqual(["no answer", "no answer"]);
  });

  it("bears a network that is gone for half a minute", async () => {
    const how = options(600);
    const start = how.clock.now();
    const back = async () => {
      if (how.clock.now() - start < 30_000) throw unreachable();
      return "there";
    };
    expect(await poll(back, how)).toBe("there");
  });

  it("gives up when nobody has answered for a minute", async () => {
    const how = options(600);
    const start = how.clock.now();
    await expect(poll(() => Promise.reject(unreachable()), how)).rejects.toThrow("no answer");
    expect(how.clock.now() - start).toBeGreaterThanOrEqual(60_000);
    expect(how.clock.now() - start).toBeLessThan(70_000);
  });

  it("does not bear any other fault", async () => {
    let looks = 0;
    const fault = async () => {
      looks++;
      throw new Error("bug");
    };
    await expect(poll(fault, options(600))).rejects.toThrow("bug");
    expect(looks).toBe(1);
  });
});
