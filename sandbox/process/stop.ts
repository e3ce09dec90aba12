import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "../state.ts";
import { isAlive } from "./identity.ts";

const pollMilliseconds = 50;

/**
 * Asks processes to end, with their groups, and ends those that haven't after the grace.
 * Never fails for one that is already gone.
 */
export async function stopProcesses(
  identities: readonly ProcessIdentity[],
  graceSeconds: number,
): Promise<void> {
  await Promise.all(identities.map((identity) => signalGroup(identity, "SIGTERM")));
  const left = await waitForEnd(identities, graceSeconds);
  await Promise.all(left.map((identity) => signalGroup(identity, "SIGKILL")));
  await waitForEnd(left, 5);
}

/** Those that still run after so many seconds. */
async function waitForEnd(
  identities: readonly ProcessIdentity[],
  seconds: number,
): Promise<readonly ProcessIdentity[]> {
  const deadline = Date.now() + seconds * 1000;
  let left = identities;
  for (;;) {
    const alive = await Promise.all(left.map(isAlive));
    left = left.filter((_, index) => alive[index]);
    if (left.length === 0 || Date.now() > deadline) return left;
    await delay(pollMilliseconds);
  }
}

/** Sends a signal to the group when the process leads one, otherwise to the process alone. */
async function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(identity))) return;
  for (const target of [-identity.pid, identity.pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
