import { readdir, readFile } from "node:fs/promises";

/** A process as /proc has it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly residentBytes: number;
}

const pageBytes = 4096;

/** Out of /proc/<pid>/stat, whose second field is in parentheses and may hold anything. */
export function parseStat(text: string): ProcessEntry | undefined {
  const pid = Number(text.slice(0, text.indexOf(" ")));
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // Fields are counted from 1 in proc(5), and the first after the name is the third.
  const field = (number: number) => Number(rest[number - 3]);
  if (!Number.isInteger(pid) || rest.length < 22) return undefined;
  return { pid, parent: field(4), residentBytes: field(24) * pageBytes };
}

/** Resident bytes of a process and everything below it. */
export function treeBytes(entries: readonly ProcessEntry[], root: number): number {
  const inTree = new Set([root]);
  for (let before = 0; before !== inTree.size; ) {
    before = inTree.size;
    for (const { pid, parent } of entries) if (inTree.has(parent)) inTree.add(pid);
  }
  return entries.filter(({ pid }) => inTree.has(pid)).reduce((sum, one) => sum + one.residentBytes, 0);
}

/**
 * Watches how much memory a process and all that it starts have at the same time; what it asks daemons
 * to do (BuildKit, Docker, the emulator) is theirs.
 *
 * @returns stops watching, and says what the most was
 */
export function watchMemory(root: number): () => number {
  let peak = 0;
  let stopped = false;
  const look = async () => {
    const entries = await processes();
    peak = Math.max(peak, treeBytes(entries, root));
  };
  const watch = async () => {
    // Closely at first, for what ends soon; later less often, so as not to take part in the race.
    for (let pause = 20; !stopped; pause = Math.min(1000, pause * 1.2)) {
      await look().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  void watch();
  return () => {
    stopped = true;
    return peak;
  };
}

async function processes(): Promise<ProcessEntry[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => parseStat(text) ?? []);
}
