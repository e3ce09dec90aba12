import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../config/problems/errors.ts";
import { nameDiskFull } from "./run.ts";

/**
 * The one folder outside the project that is written to: `SLIPWAY_CACHE`, or `slipway` in the user's
 * cache folder.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SLIPWAY_CACHE) return environment.SLIPWAY_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "slipway");
}

const recordSchema = z.object({
  name: z.string(),
  version: z.string(),
  origin: z.enum(["download", "registries"]),
  /** Path of the program inside the entry's folder. */
  program: z.string(),
  /** Paths without which it is of no use: what a link in it leads to may go. */
  needs: z.array(z.string()).default([]),
  /** What was done to get it, as text. */
  how: z.string(),
  milliseconds: z.number(),
  at: z.string(),
});

/** What is written beside a cached tool: what it is and where it came from. */
export type CacheRecord = z.infer<typeof recordSchema>;

/** What `writeEntry` needs to know about a new tool; it knows name and time itself. */
export type MadeTool = Omit<z.input<typeof recordSchema>, "name" | "at">;

/** Where a tool of this version lies, for this kind of machine. */
export function entryDirectory(cache: string, name: string, key: string): string {
  return join(cache, "tools", name, `${key}-${process.platform}-${process.arch}`);
}

/** The cached tool, when it is complete. */
export async function readEntry(
  cache: string,
  name: string,
  key: string,
): Promise<{ readonly record: CacheRecord; readonly path: string } | undefined> {
  const directory = entryDirectory(cache, name, key);
  const text = await readFile(join(directory, "tool.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const record = recordSchema.safeParse(JSON.parse(text));
  if (!record.success) return undefined;
  for (const path of [record.data.program, ...record.data.needs]) {
    if ((await stat(join(directory, path)).catch(() => undefined)) === undefined) return undefined;
  }
  return { record: record.data, path: join(directory, record.data.program) };
}

/**
 * Puts a tool into the cache: `make` fills a folder of its own, which then gets the entry's name in one
 * step, so that what is there is always whole. Whoever was faster wins; the second's work is dropped.
 */
export async function writeEntry(
  cache: string,
  name: string,
  key: string,
  make: (directory: string) => Promise<MadeTool>,
): Promise<{ readonly record: CacheRecord; readonly path: string }> {
  const directory = entryDirectory(cache, name, key);
  const parent = dirname(directory);
  const draft = join(parent, `.draft-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(draft, { recursive: true });
    await removeLeftovers(parent);
    const record = recordSchema.parse({ ...(await make(draft)), name, at: new Date().toISOString() });
    await writeFile(join(draft, "tool.json"), `${JSON.stringify(record, undefined, 2)}\n`);
    await rename(draft, directory).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      if ((await readEntry(cache, name, key)) !== undefined) return;
      // An incomplete entry exists: an older layout, or someone removed files.
      await rm(directory, { recursive: true, force: true });
      await rename(draft, directory);
    });
    return { record, path: join(directory, record.program) };
  } catch (error) {
    throw nameDiskFull(error, name);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const staleMilliseconds = 60 * 60 * 1000;

/**
 * Deletes what runs that were killed have left in a folder: entries named `.draft-<process>-…` or
 * `<process>-…`, untouched for an hour, whose process is gone.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      const processId = Number(/^(?:\.draft-)?(\d+)-/.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(processId) || isAlive(processId)) return;
      const path = join(folder, name);
      const touchedAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
      if (Date.now() - touchedAt > staleMilliseconds) await rm(path, { recursive: true, force: true });
    }),
  );
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** @throws UserError when the folder's disk has less room than what is about to be written needs. */
export async function requireSpace(directory: string, bytes: number, who: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (value: number) => `${(value / 1e9).toFixed(1)} GB`;
  throw new UserError(
    {
      code: "disk-full",
      where: directory,
      message: `Not enough space for ${who}: ${gigabytes(bavail * bsize)} free, ${gigabytes(bytes)} needed`,
      fix: "Free some space, or point SLIPWAY_CACHE at a folder on a disk with enough space",
    },
    { exitCode: 1 },
  );
}
