import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lock } from "proper-lockfile";

/** Who holds a lock, as it wrote itself down. */
export interface LockOwner {
  readonly processId: number;
  /** ISO time. */
  readonly since: string;
  readonly purpose: string;
}

const pollMilliseconds = 250;
/** Time for the owner of a lock to sign it. */
const signMilliseconds = 20;
/** A lock that its owner has not touched for this long is stale: the owner was killed. */
const staleMilliseconds = 8000;
const touchMilliseconds = 2000;

/**
 * Runs `work` while holding the lock `name` in `directory`. Waits for the holder, and tells
 * `onWait` once who that is. A lock left by a killed process is taken over.
 */
export async function withLock<T>(
  lockIdentity: { readonly directory: string; readonly name: string; readonly purpose: string },
  options: { readonly signal: AbortSignal; readonly onWait?: (owner: LockOwner | undefined) => void },
  work: () => Promise<T>,
): Promise<T> {
  const { directory, name, purpose } = lockIdentity;
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  const ownerPath = `${path}.owner.json`;
  let release = await tryLock(path);
  for (let told = false, looks = 1; release === undefined; looks++) {
    if (!told) {
      const owner = await readOwner(ownerPath);
      told = owner !== undefined || looks > 1;
      if (told) options.onWait?.(owner);
    }
    await delay(told ? pollMilliseconds : signMilliseconds, undefined, { signal: options.signal });
    release = await tryLock(path);
  }
  try {
    const owner: LockOwner = { processId: process.pid, since: new Date().toISOString(), purpose };
    await writeFile(ownerPath, JSON.stringify(owner));
    return await work();
  } finally {
    await rm(ownerPath, { force: true });
    await release().catch(() => {});
  }
}

/** Takes the lock when it is free; never waits. */
export async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(path, {
      realpath: false,
      stale: staleMilliseconds,
      update: touchMilliseconds,
      // A machine that slept has lost its locks, and a folder may be removed under one. What they guard
      // is put in place in one step, so the worst that follows is work done twice.
      onCompromised: () => {},
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LockOwner;
  } catch {
    return undefined;
  }
}
