import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "../state.ts";
import { startOf } from "./identity.ts";

/**
 * Variable that every process of a sandbox has in its environment, and hands on to its children:
 * `<sandbox>/<part>`. It finds processes that a killed run had no time to record.
 */
export const markVariable = "SLIPWAY_SANDBOX_PART";

export interface MarkedProcess extends ProcessIdentity {
  readonly part: string;
}

/** Every running process of a sandbox, or of one of its parts. Linux only: elsewhere none is found. */
export async function markedProcesses(id: string, part?: string): Promise<MarkedProcess[]> {
  const names = await readdir("/proc").catch((): string[] => []);
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(async (name): Promise<MarkedProcess | undefined> => {
        const mark = markIn(await environmentOf(name), id);
        if (mark === undefined || (part !== undefined && mark !== part)) return undefined;
        const startedAt = await startOf(Number(name));
        return startedAt === undefined ? undefined : { pid: Number(name), startedAt, part: mark };
      }),
  );
  return found.filter((each) => each !== undefined);
}

/**
 * A process's environment. While a process turns into another program the kernel shows none for a
 * moment; a daemon that is just being started does so several times.
 */
async function environmentOf(pid: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => undefined);
    if (environment === undefined || environment !== "" || attempt === 5) return environment ?? "";
    if (await neverHasOne(pid)) return "";
    await delay(10);
  }
}

/** Whether this is a thread of the kernel's, or a process that has ended. */
async function neverHasOne(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (status === undefined) return true;
  // After the name in brackets: state is field 3, flags field 9; 0x00200000 is PF_KTHREAD.
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || (Number(fields[6]) & 0x00200000) !== 0;
}

/** The part that an environment (as in /proc, separated by NUL) is marked with. */
export function markIn(environment: string, id: string): string | undefined {
  const prefix = `${markVariable}=${id}/`;
  return environment
    .split("\0")
    .find((variable) => variable.startsWith(prefix))
    ?.slice(prefix.length);
}
