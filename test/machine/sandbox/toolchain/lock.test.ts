import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LockOwner, withLock } from "../../../../sandbox/toolchain/lock.ts";
import { describeWait } from "../../../../sandbox/toolchain/session.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-lock-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const { signal } = new AbortController();
const identity = () => ({ directory, name: "go", purpose: "building the engine" });

test("the second waits for the first, and is told once for whom", async () => {
  const order: string[] = [];
  const waits: (LockOwner | undefined)[] = [];
  const inside = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const first = withLock(identity(), { signal }, async () => {
    order.push("first begins");
    inside.resolve();
    await told.promise;
    order.push("first ends");
  });
  await inside.promise;
  const onWait = (owner: LockOwner | undefined) => {
    waits.push(owner);
    told.resolve();
  };
  const second = withLock(identity(), { signal, onWait }, async () => {
    order.push("second begins");
  });
  await Promise.all([first, second]);
  expect(order).toEqual(["first begins", "first ends", "second begins"]);
  expect(waits).toMatchObject([{ processId: process.pid, purpose: "building the engine" }]);
  expect(describeWait(waits[0])).toMatch(
    new RegExp(`^waiting for process ${process.pid}: building the engine, since \\d\\d:\\d\\d:\\d\\d$`),
  );
  expect(await readdir(directory)).toEqual([]);
});

test("work that fails gives the lock back", async () => {
  await expect(withLock(identity(), { signal }, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(identity(), { signal }, async () => "again")).toBe("again");
});

test("waiting ends when it is aborted", async () => {
  const controller = new AbortController();
  await withLock(identity(), { signal }, async () => {
    const onWait = () => controller.abort();
    const second = withLock(identity(), { signal: controller.signal, onWait }, async () => {});
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
  });
});

test("a lock that a killed process left is taken over", async () => {
  const path = join(directory, "go.lock");
  await mkdir(path);
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  await writeFile(join(directory, "go.owner.json"), "no JSON");
  expect(await withLock(identity(), { signal }, async () => "mine")).toBe("mine");
});
