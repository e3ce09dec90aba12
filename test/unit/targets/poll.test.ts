import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../config/errors.ts";
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

  it("gives up when nobody answers any more", async () => {
    await expect(poll(() => Promise.reject(unreachable()), options(600))).rejects.toThrow("no answer");
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
