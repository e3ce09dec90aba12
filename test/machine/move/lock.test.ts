import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockTargets } from "../../../runner/move/lock.ts";
import type { RunEvent } from "../../../runner/report/events.ts";

let directory: string;
let events: RunEvent[];
let controller: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-lock-"));
  events = [];
  controller = new AbortController();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const take = () =>
  lockTargets(directory, "dev", { emit: (event) => events.push(event), signal: controller.signal });
/** Long enough for any machine; a lock that is waited for says so at once. */
const patience = { timeout: 30_000 };
const notices = () => events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));

/** What a run that was killed leaves behind. */
async function leaveBehind(holder: string | undefined, ageSeconds = 0) {
  const lock = join(directory, ".slipway/deploy.dev.lock");
  await mkdir(lock, { recursive: true });
  const then = new Date(Date.now() - ageSeconds * 1000);
  await utimes(lock, then, then);
  if (holder !== undefined) await writeFile(join(directory, ".slipway/deploy.dev.holder"), holder);
}

const endedProcess = async () => (await execa(process.execPath, ["-p", "process.pid"])).stdout;

test("names its holder while it is held, and leaves nothing behind", async () => {
  const lock = await take();
  expect(lock.waited).toBe(false);
  const holder = await readFile(join(directory, ".slipway/deploy.dev.holder"), "utf8");
  expect(holder).toContain(`@${hostname()} (pid ${process.pid}) since `);
  await lock.release();
  expect(await readdir(join(directory, ".slipway"))).toEqual([]);
});

test("is waited for, and says for whom", async () => {
  const first = await take();
  const second = take();
  await expect.poll(notices, patience).toEqual([expect.stringContaining(`(pid ${process.pid})`)]);
  await first.release();
  const lock = await second;
  expect(lock.waited).toBe(true);
  await lock.release();
});

test("is no longer waited for after an interruption", async () => {
  const first = await take();
  const second = take();
  await expect.poll(notices, patience).toHaveLength(1);
  controller.abort();
  await expect(second).rejects.toThrow(/abort/i);
  await first.release();
});

test("is taken over at once from a process of this machine that is gone", async () => {
  const holder = `ann@${hostname()} (pid ${await endedProcess()}) since 2026-05-04T10:00:00Z`;
  await leaveBehind(holder);
  const lock = await take();
  // Nothing is said of waiting.
  expect(notices()).toEqual([`taking over the lock that ${holder} left behind`]);
  expect(lock.waited).toBe(true);
  await lock.release();
});

test("is held by one at a time also when several take it over", async () => {
  await leaveBehind(`ann@${hostname()} (pid ${await endedProcess()}) since 2026-05-04T10:00:00Z`);
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const lock = await take();
      most = Math.max(most, ++holders);
      await new Promise((later) => setTimeout(later, 30));
      holders--;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
});

test("is taken over from another machine once it was not renewed for long", async () => {
  await leaveBehind("ann@elsewhere (pid 1) since 2026-05-04T10:00:00Z", 60);
  const lock = await take();
  await lock.release();
});

test("is not taken from another machine before that", async () => {
  await leaveBehind("ann@elsewhere (pid 1) since 2026-05-04T10:00:00Z");
  const lock = take();
  await expect
    .poll(notices, patience)
    .toEqual([expect.stringContaining("waiting up to 30 min for ann@elsewhere (pid 1)")]);
  controller.abort();
  await expect(lock).rejects.toThrow(/abort/i);
});
