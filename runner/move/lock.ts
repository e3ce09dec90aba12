import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { UserError } from "../../config/problems/errors.ts";
import { formatDuration } from "../report/duration.ts";
import type { Emit } from "../report/events.ts";

const waitSeconds = 1800;
const pollSeconds = 1;
/** A lock that was not renewed for this long belongs to a run that was killed. */
const staleSeconds = 15;

export interface TargetsLock {
  /** Whether this run waited for another one: what it read before may be out of date. */
  readonly waited: boolean;
  release(): Promise<void>;
}

/**
 * Holds the right to move targets of a stack from this checkout. While another run holds it, says who
 * and waits; what a run that was killed has left behind is taken over. (Pulumi's own lock covers
 * building, and all machines; this one covers what comes after.)
 *
 * @throws UserError `deployment-in-progress` when it takes too long
 */
export async function lockTargets(
  directory: string,
  stack: string,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<TargetsLock> {
  const folder = join(directory, ".slipway");
  const file = join(folder, `deploy.${stack}`);
  const holderFile = `${file}.holder`;
  await mkdir(folder, { recursive: true });
  const startedAt = performance.now();
  for (let waited = false; ; ) {
    const release = await acquire(file, emit);
    if (release !== undefined) {
      await writeFile(holderFile, describeSelf(new Date()));
      return {
        waited,
        release: async () => {
          await rm(holderFile, { force: true });
          await release();
        },
      };
    }
    const holder = await readFile(holderFile, "utf8").catch(() => undefined);
    if (holder !== undefined && isGone(holder)) {
      await takeOver(file, holderFile, emit);
      // It may have been killed just after it had changed something.
      waited = true;
      continue;
    }
    const name = holder ?? "another run";
    if (!waited) {
      const limit = formatDuration(waitSeconds * 1000);
      emit({
        kind: "notice",
        message: `waiting up to ${limit} for ${name}, which is deploying to ${stack}`,
      });
      waited = true;
    }
    if ((performance.now() - startedAt) / 1000 > waitSeconds) throw inProgress(stack, name);
    await sleep(pollSeconds * 1000, undefined, { signal });
  }
}

/** Takes the lock; undefined while somebody else has it. */
async function acquire(file: string, emit: Emit): Promise<(() => Promise<void>) | undefined> {
  try {
    let lost = false;
    const release = await lock(file, {
      realpath: false,
      stale: staleSeconds * 1000,
      update: 5000,
      // A machine that was asleep: what is under way can't be called back, and is followed to its end.
      onCompromised: () => {
        lost = true;
        emit({
          kind: "warning",
          code: "lock-lost",
          message: "this run did not renew its lock in time, so another run may deploy at the same time",
        });
      },
    });
    return async () => {
      if (!lost) await release();
    };
  } catch (error) {
    if (isLocked(error)) return undefined;
    throw error;
  }
}

/**
 * Removes a lock whose holder is gone. Under a lock of its own, and only if that holder still is the
 * one written down: another run may have done it already, and hold the lock by now.
 */
async function takeOver(file: string, holderFile: string, emit: Emit): Promise<void> {
  const guard = await lock(`${file}.takeover`, { realpath: false, stale: 5000 }).catch((error: unknown) => {
    if (isLocked(error)) return undefined;
    throw error;
  });
  if (guard === undefined) {
    await sleep(100);
    return;
  }
  try {
    const holder = await readFile(holderFile, "utf8").catch(() => undefined);
    if (holder === undefined || !isGone(holder)) return;
    emit({ kind: "notice", message: `taking over the lock that ${holder} left behind` });
    await rm(holderFile, { force: true });
    await rmdir(`${file}.lock`).catch(() => {});
  } finally {
    await guard();
  }
}

function isLocked(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ELOCKED";
}

function describeSelf(now: Date): string {
  return `${userInfo().username}@${hostname()} (pid ${process.pid}) since ${now.toISOString().replace(/\.\d+Z$/, "Z")}`;
}

/** Whether a holder, as it described itself, was a process of this machine that has ended. */
function isGone(holder: string): boolean {
  const [, host, pid] = /@(\S+) \(pid (\d+)\)/.exec(holder) ?? [];
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function inProgress(stack: string, holder: string): UserError {
  return new UserError(
    {
      code: "deployment-in-progress",
      where: `stack ${stack}`,
      message: `${holder} has been deploying for longer than ${formatDuration(waitSeconds * 1000)}`,
      fix: "wait until it ends, or end it",
    },
    { exitCode: 1 },
  );
}
