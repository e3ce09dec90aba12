import { readFile } from "node:fs/promises";

/** Ticks of a second in /proc: USER_HZ, which is 100 for every program on Linux (time(7)). */
export const ticksPerSecond = 100;

/** Processor seconds, of programs and of the kernel for them, out of /proc/<pid>/stat of their parent. */
export function childSeconds(text: string): number {
  // Fields are counted from 1 in proc(5): 16 and 17 are of the children that ended and were waited for, and
  // of theirs. The second field is in parentheses and may hold anything.
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(rest[16 - 3]) + Number(rest[17 - 3]);
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : Number.NaN;
}

/**
 * Watches how many processor seconds the programs take that this process starts, and all that they start and
 * wait for. On a machine that others use as well, they vary less than the seconds on the clock.
 *
 * @returns says how many since; NaN where there is no /proc
 */
export async function watchProcessor(): Promise<() => Promise<number>> {
  const read = () => readFile("/proc/self/stat", "utf8").then(childSeconds, () => Number.NaN);
  const before = await read();
  return async () => (await read()) - before;
}
