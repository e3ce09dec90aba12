import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import { z } from "zod";
import { firstLine } from "../../../config/problems/first-line.ts";
import { keptFile } from "../kept-file.ts";
import { configurationSchema, type RegistryScanning } from "./configuration.ts";
import type { ImageOfScan } from "./image.ts";
import { reportSchema } from "./report.ts";

/** Looks for vulnerable packages in an image of the sandbox's registry. */
export interface Scanner {
  /**
   * @param tell told what the scan waits for, so that it can be said of a scan that is under way
   * @returns the report, which is checked by whoever asked
   * @throws Error that says why there is no result
   */
  scan(
    image: { readonly repository: string; readonly digest: string },
    tell: (message: string) => void,
    signal: AbortSignal,
  ): Promise<unknown>;
}

const endedSchema = z.discriminatedUnion("state", [
  z.object({ state: z.literal("complete"), endedAt: z.number(), report: reportSchema }),
  z.object({ state: z.literal("failed"), endedAt: z.number(), reason: z.string() }),
  z.object({ state: z.literal("unsupported"), endedAt: z.number() }),
]);

/** A scan that has ended; times in milliseconds since 1970. */
export type EndedScan = z.output<typeof endedSchema>;
export type Scan = EndedScan | { readonly state: "running"; readonly message: string };

const keptSchema = z.object({
  registry: configurationSchema,
  /** By repository and digest. */
  scans: z.record(z.string(), endedSchema),
});

/** The scans of one registry, kept over a restart once they have ended. */
export interface Scans {
  registry(): RegistryScanning;
  setRegistry(configuration: RegistryScanning): Promise<void>;
  find(image: ImageOfScan): Scan | undefined;
  /** @returns false when the image's scan is under way, or ended well less than a day ago: ECR takes one a day */
  start(image: ImageOfScan): boolean;
  /** Forgets everything, as a new registry. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Opens what a folder keeps. */
export async function openScans(directory: string, scanner: Scanner): Promise<Scans> {
  const file = join(directory, "scans.json");
  let { registry, scans } = await read(file);
  const running = new Map<string, { message: string; readonly ended: Promise<void> }>();
  // A scanner takes all processors.
  const oneAtATime = pLimit(1);
  let stop = new AbortController();

  const kept = keptFile(file);
  const save = () => kept.write({ registry, scans });

  const run = async (
    image: ImageOfScan,
    tell: (message: string) => void,
    signal: AbortSignal,
  ): Promise<EndedScan> => {
    // As basic scans: Linux, and nothing else.
    if (image.platform?.os !== "linux") return { state: "unsupported", endedAt: Date.now() };
    const { repository, digest } = image;
    try {
      const found = await scanner.scan({ repository: repository.repositoryName, digest }, tell, signal);
      const report = reportSchema.parse(found);
      // Neither an operating system nor a package: an image from scratch, of which nobody knows whether it is clean.
      if (report.packages === 0) return { state: "unsupported", endedAt: Date.now() };
      return { state: "complete", endedAt: Date.now(), report };
    } catch (error) {
      return { state: "failed", endedAt: Date.now(), reason: firstLine(error) };
    }
  };

  const end = async () => {
    stop.abort();
    const ending = [...running.values()].map(({ ended }) => ended);
    running.clear();
    await Promise.all(ending);
    await kept.settled();
  };

  return {
    registry: () => registry,
    setRegistry(configuration) {
      registry = configuration;
      return save();
    },
    find: (image) => {
      const key = keyOf(image);
      const now = running.get(key);
      return now === undefined ? scans[key] : { state: "running", message: now.message };
    },
    start(image) {
      const key = keyOf(image);
      const before = scans[key];
      if (running.has(key)) return false;
      if (before?.state === "complete" && Date.now() - before.endedAt < dayMilliseconds) return false;
      const { signal } = stop;
      const one = {
        message: "",
        ended: oneAtATime(async () => {
          if (signal.aborted) return;
          const tell = (message: string) => {
            one.message = message;
          };
          const ended = await run(image, tell, signal);
          if (signal.aborted) return;
          if (ended.state === "failed") console.error(`scan of ${key}: ${ended.reason}`);
          scans = { ...scans, [key]: ended };
          running.delete(key);
          await save().catch((error: unknown) => console.error(`scans are not kept: ${String(error)}`));
        }),
      };
      running.set(key, one);
      return true;
    },
    async clear() {
      await end();
      stop = new AbortController();
      ({ registry, scans } = empty());
      await save();
    },
    close: end,
  };
}

function keyOf({ repository, digest }: ImageOfScan): string {
  return `${repository.repositoryName}@${digest}`;
}

function empty(): z.output<typeof keptSchema> {
  return { registry: configurationSchema.parse({}), scans: {} };
}

/** What was kept; nothing when there is none or it can't be read (an older layout). */
async function read(file: string): Promise<z.output<typeof keptSchema>> {
  try {
    return keptSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return empty();
  }
}
