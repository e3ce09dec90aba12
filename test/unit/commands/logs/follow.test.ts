import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { overlapMilliseconds } from "../../../../runner/commands/logs/events.ts";
import { followLogs } from "../../../../runner/commands/logs/follow.ts";
import { readLogs } from "../../../../runner/commands/logs/read.ts";
import { fakeClock, fakeContext } from "../../targets/fakes.ts";
import { holdGroups, logs, type StoredEvent, source } from "./log-groups.ts";

/** Reads what there is and follows for so long; the messages as they were shown. */
async function follow(groups: Record<string, StoredEvent[]>, seconds: number, lines = 100) {
  const clock = fakeClock();
  const begin = clock.now();
  const since = new Date(begin - 60_000);
  holdGroups(groups, { now: () => clock.now(), pageSize: 3 });
  const context = fakeContext();
  const sources = Object.keys(groups).map((group) => source(group.slice("/shop/".length)));
  const shown: string[] = [];
  const past = await readLogs(context, sources, { since, lines });
  shown.push(...past.events.map(({ event }) => event.message));
  clock.afterSleep = (elapsed) => elapsed >= seconds * 1000 && context.controller.abort();
  await followLogs(context, {
    sources,
    since,
    known: past.recent,
    clock,
    print: async (read) => {
      shown.push(...read.map(({ event }) => event.message));
    },
  });
  return { shown, context, clock };
}

const begin = fakeClock().now();
const line = (n: number, at: number, ingestedAt = at): StoredEvent => ({
  stream: "ui/1",
  at: begin + at,
  ingestedAt: begin + ingestedAt,
  message: `${n}`,
  id: `id${n}`,
});

describe("following logs", () => {
  it("shows lines as they come, after those that there are, until it is stopped: no error", async () => {
    const { shown } = await follow(
      { "/shop/ui": [line(1, -5000), line(2, 2000), line(3, 9000)], "/shop/cart": [] },
      20,
    );
    expect(shown).toEqual(["1", "2", "3"]);
  });

  it("shows every line once, however late within the overlap it comes", async () => {
    await fc.assert(
      fc.asyncProperty(
        // Without ids, equal lines of one time are one line: there is nothing to tell them apart by.
        fc.uniqueArray(
          fc.record({
            at: fc.integer({ min: -50_000, max: 60_000 }),
            late: fc.integer({ min: 0, max: overlapMilliseconds - 6_000 }),
          }),
          { maxLength: 40, selector: ({ at }) => at },
        ),
        fc.boolean(),
        async (lines, withIds) => {
          const stored = lines.map(({ at, late }, n) => {
            const { id, ...rest } = line(n, at, at + late);
            return withIds ? { ...rest, id: id ?? "" } : { ...rest, message: `${n % 3}` };
          });
          const { shown } = await follow({ "/shop/ui": stored }, 120);
          expect(shown.toSorted()).toEqual(stored.map(({ message }) => message).toSorted());
        },
      ),
      { numRuns: 40 },
    );
  });

  it("does not show what --lines left out", async () => {
    const stored = [1, 2, 3, 4, 5, 6].map((n) => line(n, n - 100));
    expect((await follow({ "/shop/ui": stored }, 20, 2)).shown).toEqual(["5", "6"]);
  });

  it("goes slower while nothing comes, and waits longer the more groups there are", async () => {
    const quiet = await follow({ "/shop/ui": [] }, 60);
    expect(quiet.clock.now()).toBeGreaterThan(begin);
    const looks = logs.commandCalls(FilterLogEventsCommand).length;
    expect(looks).toBeGreaterThan(10);
    expect(looks).toBeLessThan(25);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`/shop/s${n}`, []]));
    await follow(many, 60);
    expect(logs.commandCalls(FilterLogEventsCommand).length / 60).toBeLessThan(5);
  });

  it("tries on when there is no answer for a while, and loses nothing of the other groups", async () => {
    const clock = fakeClock();
    const context = fakeContext();
    holdGroups({ "/shop/ui": [line(1, 1000)] }, { now: () => clock.now() });
    const unreachable = new UserError({ code: "unreachable", message: "no answer" });
    logs.on(FilterLogEventsCommand, { logGroupName: "/shop/cart" }).callsFake(() =>
      clock.now() < begin + 8_000
        ? Promise.reject(unreachable)
        : Promise.resolve({
            events: [{ logStreamName: "cart/1", timestamp: begin, message: "cart", eventId: "c" }],
          }),
    );
    clock.afterSleep = (elapsed) => elapsed >= 20_000 && context.controller.abort();
    const shown: string[] = [];
    await followLogs(context, {
      sources: [source("ui"), source("cart")],
      since: new Date(begin),
      known: [],
      clock,
      print: async (read) => {
        shown.push(...read.map(({ event }) => event.message));
      },
    });
    expect(shown.toSorted()).toEqual(["1", "cart"]);
    expect(context.events.filter((event) => event.kind === "warning")).toHaveLength(1);
  });

  it("gives up when there is no answer for long", async () => {
    const clock = fakeClock();
    logs.reset();
    logs.on(FilterLogEventsCommand).rejects(new UserError({ code: "unreachable", message: "no answer" }));
    const options = {
      sources: [source("ui")],
      since: new Date(begin),
      known: [],
      clock,
      print: async () => {},
    };
    await expect(followLogs(fakeContext(), options)).rejects.toThrow("no answer");
  });
});
