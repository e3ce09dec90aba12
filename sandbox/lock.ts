import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lock } from "proper-lockfile";
import type { Emit } from "../runner/report/events.ts";
import type { SandboxFolder } from "./folder.ts";

const pollMilliseconds = 250;
/** Time for the holder of the lock to say who it is. */
const signMilliseconds = 20;

/**
 * Runs `work` while no other process changes this sandbox. Waits for one that does, and says who it is;
 * a lock that a killed process has left is taken over after some seconds.
 */
export async function withSandboxLock<T>(
  folder: SandboxFolder,
  options: { readonly purpose: string; readonly emit: Emit; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder.directory, { recursive: true });
  const path = join(folder.directory, "lock");
  const ownerFile = `${path}.owner`;
  let release: (() => Promise<void>) | undefined;
  for (let told = false, looks = 1; ; looks++) {
    options.signal.throwIfAborted();
    release = await tryLock(path);
    if (release !== undefined) break;
    if (!told) {
      // Who has just taken the lock needs a moment to sign it.
      const owner = await readFile(ownerFile, "utf8").catch(() => undefined);
      if (owner !== undefined || looks > 1) {
        const who = owner ?? "another process";
        options.emit({ kind: "notice", message: `Waiting for the sandbox: ${who} is at work on it` });
        told = true;
      }
    }
    await delay(told ? pollMilliseconds : signMilliseconds, undefined, { signal: options.signal });
  }
  try {
    const since = new Date().toISOString().slice(11, 19);
    await writeFile(ownerFile, `"${options.purpose}" (process ${process.pid}, since ${since} UTC)`);
    return await work();
  } finally {
    await rm(ownerFile, { force: true });
    await release().catch(() => {});
  }
}

async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    // The folder may be removed under a lock that is held: nothing is lost then but the lock.
    return await lock(path, { realpath: false, stale: 8000, update: 2000, onCompromised: () => {} });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
