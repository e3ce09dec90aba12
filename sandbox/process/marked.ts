import { readdir, readFile } from "node:fs/promises";
import type { ProcessIdentity } from "../state.ts";
import { startOf } from "./identity.ts";

/**
 * Variable that every process of a sandbox has in its environment, and hands on to its children:
 * `<sandbox>/<part>`. What was started is found by it, whether or not there was time to write it down.
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
        const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
        const mark = markIn(environment, id);
        if (mark === undefined || (part !== undefined && mark !== part)) return undefined;
        const startedAt = await startOf(Number(name));
        return startedAt === undefined ? undefined : { pid: Number(name), startedAt, part: mark };
      }),
  );
  return found.filter((each) => each !== undefined);
}

/** The part that an environment (as in /proc, separated by NUL) is marked with. Pure. */
export function markIn(environment: string, id: string): string | undefined {
  const prefix = `${markVariable}=${id}/`;
  return environment
    .split("\0")
    .find((variable) => variable.startsWith(prefix))
    ?.slice(prefix.length);
}
