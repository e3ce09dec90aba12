import { describe, expect, test } from "vitest";
import { batchesPer, inBatches } from "../../../runner/aws/batches.ts";

/** Answers every question with itself, and keeps what was asked together. */
function echo(
  most: number,
  answer: (key: string, keys: readonly string[]) => string | undefined = (key) => key,
) {
  const calls: (readonly string[])[] = [];
  const ask = inBatches<string>(
    most,
    async (keys) => {
      calls.push(keys);
      return (key) => {
        const value = answer(key, keys);
        return value === undefined ? undefined : { value };
      };
    },
    (error) => error instanceof RangeError,
  );
  return { ask, calls };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe("questions in batches", () => {
  test("that are asked at the same time share calls of the most that one takes", async () => {
    const { ask, calls } = echo(10);
    expect(await Promise.all(numbers(23).map(ask))).toEqual(numbers(23));
    expect(calls.map((keys) => keys.length)).toEqual([10, 10, 3]);
  });

  test("that become ready in the same turn share a call, however deep each waits", async () => {
    const { ask, calls } = echo(10);
    const later = async (key: string, turns: number) => {
      for (let turn = 0; turn < turns; turn++) await undefined;
      return ask(key);
    };
    await Promise.all(numbers(5).map((key, turns) => later(key, turns)));
    expect(calls).toEqual([numbers(5)]);
  });

  test("ask the same only once, and again when asked later", async () => {
    const { ask, calls } = echo(10);
    await Promise.all([ask("a"), ask("a"), ask("b")]);
    await ask("a");
    expect(calls).toEqual([["a", "b"], ["a"]]);
  });

  test("are asked alone when the answer to all says nothing of one", async () => {
    const { ask, calls } = echo(10, (key, keys) => (key === "b" && keys.length > 1 ? undefined : key));
    expect(await Promise.all(["a", "b", "c"].map(ask))).toEqual(["a", "b", "c"]);
    expect(calls).toEqual([["a", "b", "c"], ["b"]]);
  });

  test("are asked one by one when a call fails for the sake of one", async () => {
    const calls: (readonly string[])[] = [];
    const failing = inBatches<string>(
      10,
      async (keys) => {
        calls.push(keys);
        if (keys.includes("b")) throw new RangeError("b is refused");
        return (key) => ({ value: key });
      },
      (error) => error instanceof RangeError,
    );
    const results = await Promise.allSettled(["a", "b", "c"].map(failing));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(calls).toEqual([["a", "b", "c"], ["a"], ["b"], ["c"]]);
  });

  test("fail together when the call fails for all, without a second call", async () => {
    let calls = 0;
    const ask = inBatches<string>(
      10,
      async () => {
        calls += 1;
        throw new Error("no network");
      },
      () => false,
    );
    const results = await Promise.allSettled(["a", "b"].map(ask));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(calls).toBe(1);
  });

  test("of different clients, runs and keys stay apart", async () => {
    const opened: string[] = [];
    const askOf = batchesPer<object, string>((_client, key) => {
      opened.push(key);
      return async (question) => `${key} ${question}`;
    });
    const [client, run] = [{}, new AbortController().signal];
    expect(await askOf(client, "a", run)("1")).toBe("a 1");
    await askOf(client, "a", run)("2");
    await askOf(client, "b", run)("1");
    await askOf({}, "a", run)("1");
    await askOf(client, "a", new AbortController().signal)("1");
    expect(opened).toEqual(["a", "b", "a", "a"]);
  });
});
