import { describe, expect, test } from "vitest";
import { createLimiter, type LimiterClock } from "../../../runner/aws/limiter.ts";
import { limitersOf } from "../../../runner/aws/rates.ts";

/** Time that passes only while something sleeps. */
function fakeTime(): LimiterClock & { pass(milliseconds: number): void } {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      now += milliseconds;
    },
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}

const rate = { burst: 10, perSecond: 20 };

/** Milliseconds until so many calls have begun. */
async function timeOf(count: number, limiter: ReturnType<typeof createLimiter>, clock: LimiterClock) {
  const before = clock.now();
  await Promise.all(Array.from({ length: count }, () => limiter.take(undefined)));
  return clock.now() - before;
}

describe("calls of an API with a documented rate", () => {
  test("begin at once up to the burst, then at the rate", async () => {
    const clock = fakeTime();
    const limiter = createLimiter(rate, clock);
    expect(await timeOf(10, limiter, clock)).toBe(0);
    expect(await timeOf(40, limiter, clock)).toBeCloseTo(2000, 0);
  });

  test("save up no more than the burst", async () => {
    const clock = fakeTime();
    const limiter = createLimiter(rate, clock);
    clock.pass(60_000);
    await timeOf(10, limiter, clock);
    expect(await timeOf(20, limiter, clock)).toBeCloseTo(1000, 0);
  });

  test("come at half the rate when AWS refuses one, however many it refuses at once, and recover", async () => {
    const clock = fakeTime();
    const limiter = createLimiter(rate, clock);
    for (let refused = 0; refused < 5; refused++) limiter.throttled();
    const slow = await timeOf(10, limiter, clock);
    // Ten calls at ten a second, and a little better toward the end.
    expect(slow).toBeGreaterThan(900);
    expect(slow).toBeLessThan(1000);
    clock.pass(10_000);
    await timeOf(10, limiter, clock);
    expect(await timeOf(20, limiter, clock)).toBeCloseTo(1000, 0);
  });

  test("begin in the order in which they asked, also after one that was aborted", async () => {
    const clock = fakeTime();
    const limiter = createLimiter({ burst: 1, perSecond: 1 }, clock);
    const controller = new AbortController();
    const began: number[] = [];
    const calls = [0, 1, 2, 3].map((call) =>
      limiter.take(call === 2 ? controller.signal : undefined).then(
        () => began.push(call),
        () => {},
      ),
    );
    controller.abort();
    await Promise.all(calls);
    expect(began).toEqual([0, 1, 3]);
  });
});

test("an API without a known rate is held back only once AWS has refused a call, and not for ever", async () => {
  const clock = fakeTime();
  const limiter = createLimiter(undefined, clock);
  expect(await timeOf(1000, limiter, clock)).toBe(0);
  limiter.throttled();
  expect(await timeOf(100, limiter, clock)).toBeGreaterThan(1000);
  clock.pass(60_000);
  await limiter.take(undefined);
  expect(await timeOf(1000, limiter, clock)).toBe(0);
});

describe("the limiter of an API", () => {
  test("is shared by those that AWS counts together", () => {
    const of = limitersOf("ecs", undefined);
    expect(of("DescribeServices")).toBe(of("ListServices"));
    expect(of("DescribeServices")).not.toBe(of("DescribeTaskDefinition"));
    const lambda = limitersOf("lambda", undefined);
    expect(lambda("GetAlias")).toBe(lambda("ListAliases"));
    expect(lambda("GetAlias")).not.toBe(lambda("GetFunction"));
    expect(lambda("Invoke")).not.toBe(lambda("GetAlias"));
  });

  test.each([
    [undefined, false],
    ["https://vpce-1-ecs.eu-west-1.vpce.amazonaws.com", false],
    ["http://localhost:4566", true],
  ])("at %s begins with AWS's rate, unless it is a local stand-in: %s", async (endpoint, free) => {
    const limiter = limitersOf("ecs", endpoint)("RegisterTaskDefinition");
    const controller = new AbortController();
    const calls = Array.from({ length: 21 }, () => limiter.take(controller.signal));
    const last = Promise.race([
      calls.at(-1),
      new Promise((resolve) => setTimeout(() => resolve("waits"), 20)),
    ]);
    expect(await last).toBe(free ? undefined : "waits");
    controller.abort();
    await Promise.allSettled(calls);
  });
});
