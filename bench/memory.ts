import { readdir, readFile } from "node:fs/promises";
import { ticksPerSecond } from "./processor.ts";
import { type ProgramUse, programName } from "./programs.ts";

/** A process as /proc has it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly residentBytes: number;
  /** Of processors, by the process itself, since it started. */
  readonly processorSeconds: number;
}

const pageBytes = 4096;

/** Out of /proc/<pid>/stat, whose second field is in parentheses and may hold anything. */
export function parseStat(text: string): ProcessEntry | undefined {
  const pid = Number(text.slice(0, text.indexOf(" ")));
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // Fields are counted from 1 in proc(5), and the first after the name is the third.
  const field = (number: number) => Number(rest[number - 3]);
  if (!Number.isInteger(pid) || rest.length < 22) return undefined;
  const processorSeconds = (field(14) + field(15)) / ticksPerSecond;
  return { pid, parent: field(4), residentBytes: field(24) * pageBytes, processorSeconds };
}

/** A process and everything below it. */
export function treeOf<Entry extends ProcessEntry>(entries: readonly Entry[], root: number): Entry[] {
  const inTree = new Set([root]);
  for (let before = 0; before !== inTree.size; ) {
    before = inTree.size;
    for (const { pid, parent } of entries) if (inTree.has(parent)) inTree.add(pid);
  }
  return entries.filter(({ pid }) => inTree.has(pid));
}

/** What a process and all that it started took. */
export interface Use {
  /** The most that they held at the same time. */
  readonly peakBytes: number;
  /** The same, program by program. */
  readonly programs: readonly ProgramUse[];
}

/**
 * Watches how much memory a process and all that it starts have at the same time, and what each program of
 * them takes; what it asks daemons to do (BuildKit, Docker, the emulator) is theirs.
 *
 * @returns stops watching, and says what it saw. What a process did after the last look at it is missing.
 */
export function watchUse(root: number): () => Use {
  let peakBytes = 0;
  let stopped = false;
  const seen = new Map<number, { name: string; processorSeconds: number; peakBytes: number }>();
  const look = async () => {
    const tree = treeOf(await processes(), root);
    peakBytes = Math.max(
      peakBytes,
      tree.reduce((sum, one) => sum + one.residentBytes, 0),
    );
    for (const { pid, residentBytes, processorSeconds } of tree) {
      // A process that is about to become another program is asked again at the next look.
      const name = await programOf(pid);
      const before = seen.get(pid);
      seen.set(pid, {
        name: name === "" ? (before?.name ?? "") : name,
        processorSeconds,
        peakBytes: Math.max(before?.peakBytes ?? 0, residentBytes),
      });
    }
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
    return { peakBytes, programs: [...seen.values()].filter(({ name }) => name !== "") };
  };
}

async function programOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return programName(text.split("\0").filter((word) => word !== ""));
}

async function processes(): Promise<ProcessEntry[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => parseStat(text) ?? []);
}
