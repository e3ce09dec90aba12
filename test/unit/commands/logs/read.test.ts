import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../../runner/commands/logs/events.ts";
import { readLogs } from "../../../../runner/commands/logs/read.ts";
import { createLineWriter } from "../../../../runner/commands/logs/show.ts";
import { coloursFor } from "../../../../runner/report/colours.ts";
import { isOwnStream } from "../../../../runner/targets/logs.ts";
import { fakeContext } from "../../targets/fakes.ts";
import { holdGroups, logs, source } from "./log-groups.ts";

const since = new Date(1000);
const messages = (read: { events: readonly { event: LogEvent }[] }) =>
  read.events.map(({ event }) => event.message);

describe("reading logs", () => {
  it("brings several services' lines into one order, through all pages", async () => {
    holdGroups({
      "/shop/ui": [1, 3, 5, 7, 9].map((n) => ({ stream: "ui/1", at: n * 1000, message: `ui ${n}` })),
      "/shop/cart": [2, 4, 6].map((n) => ({ stream: "cart/1", at: n * 1000, message: `cart ${n}\n` })),
    });
    const read = await readLogs(fakeContext(), [source("ui"), source("cart")], { since, lines: 100 });
    expect(messages(read)).toEqual(["ui 1", "cart 2", "ui 3", "cart 4", "ui 5", "cart 6", "ui 7", "ui 9"]);
    expect(read.events[1]?.event).toEqual({
      time: "1970-01-01T00:00:02.000Z",
      service: "cart",
      target: "ecs shop/cart",
      group: "/shop/cart",
      stream: "cart/1",
      message: "cart 2",
    });
  });

  it("shows the newest of all services together, and knows how many there were", async () => {
    holdGroups({
      "/shop/ui": [1, 2, 3, 4, 5].map((n) => ({ stream: "ui/1", at: n * 1000, message: `ui ${n}` })),
      "/shop/cart": [{ stream: "cart/1", at: 4500, message: "cart" }],
    });
    const sources = [source("ui"), source("cart")];
    const read = await readLogs(fakeContext(), sources, { since, lines: 3 });
    expect(messages(read)).toEqual(["ui 4", "cart", "ui 5"]);
    expect(read.found).toBe(6);
    expect(messages(await readLogs(fakeContext(), sources, { since, lines: 0 }))).toEqual([]);
  });

  it("asks for what is wanted, and leaves out what is another target's", async () => {
    holdGroups({
      "/shop": [
        { stream: "ui/1", at: 2000, message: "ours ERROR" },
        { stream: "ui/1", at: 2000, message: "ours" },
        { stream: "cart/1", at: 2000, message: "theirs ERROR" },
      ],
    });
    const read = await readLogs(fakeContext(), [source("ui", { group: "/shop" })], {
      since,
      lines: 9,
      filter: "ERROR",
    });
    expect(messages(read)).toEqual(["ours ERROR"]);
    expect(logs.calls()[0]?.args[0].input).toEqual({
      logGroupName: "/shop",
      startTime: 1000,
      logStreamNamePrefix: "ui/",
      filterPattern: "ERROR",
    });
  });

  it("says that a group is not there yet, and shows the others", async () => {
    holdGroups({ "/shop/ui": [{ stream: "ui/1", at: 2000, message: "hello" }] });
    const context = fakeContext();
    expect(messages(await readLogs(context, [source("ui"), source("cart")], { since, lines: 9 }))).toEqual([
      "hello",
    ]);
    expect(context.events).toMatchObject([{ kind: "warning", code: "no-log-group" }]);
  });

  it("names a filter pattern that CloudWatch does not take", async () => {
    holdGroups({ "/shop/ui": [] });
    await expect(
      readLogs(fakeContext(), [source("ui")], { since, lines: 9, filter: "{" }),
    ).rejects.toMatchObject({
      problems: [{ code: "filter-refused", value: "{" }],
      exitCode: 2,
    });
  });
});

describe("streams of a group", () => {
  it.each([
    ["2026/01/31/[5]0a1b", true],
    ["2026/01/31/[$LATEST]0a1b", true],
    ["2026/01/31/pay[5]0a1b", true],
    ["2026/01/31/pay-out[5]0a1b", false],
    ["something else", true],
  ])("that functions share: %s", (stream, own) => {
    expect(isOwnStream({ kind: "function", name: "pay" }, stream)).toBe(own);
  });
});

describe("a line", () => {
  const event: LogEvent = {
    time: "2026-05-04T10:20:30.000Z",
    service: "ui",
    target: "ecs shop/ui",
    group: "g",
    stream: "s",
    message: "\u001b[31mfirst\u001b[0m\u001b[2J\r\nsecond",
  };
  const sources = [source("ui"), source("cart"), source("ui", { container: "proxy" })];

  it("begins with its time and service, aligned, also a part of one that has several", () => {
    const write = createLineWriter(sources, coloursFor({ isTTY: false }, {}));
    expect(write(event)).toBe(
      "2026-05-04T10:20:30.000Z ui       | first\n2026-05-04T10:20:30.000Z ui       | second",
    );
    expect(write({ ...event, container: "proxy", message: "x" })).toBe(
      "2026-05-04T10:20:30.000Z ui/proxy | x",
    );
  });

  it("has its service's colour on a terminal", () => {
    const write = createLineWriter(sources, coloursFor({ isTTY: true }, { TERM: "xterm" }));
    const colourOf = (service: string) =>
      new RegExp(`(\\x1b\\[\\d+m)${service}`).exec(write({ ...event, service }))?.[1];
    expect(colourOf("ui")).toBeDefined();
    expect(colourOf("ui")).toBe(colourOf("ui"));
    expect(colourOf("ui")).not.toBe(colourOf("cart"));
  });
});
