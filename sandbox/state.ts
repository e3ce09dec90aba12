import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const processSchema = z.strictObject({
  pid: z.int().positive(),
  /** Boot and start time: another process that was given the same number later has another one. */
  startedAt: z.string(),
});

/** A process, safe against its number being given away again. */
export type ProcessIdentity = z.output<typeof processSchema>;

const partSchema = z.strictObject({
  version: z.string(),
  /** Where it came from: `installed`, `download`, `registries`, `machine` (not ours), `sandbox`. */
  origin: z.string(),
  /** Where it answers, or what it is. */
  address: z.string(),
  process: processSchema.optional(),
  log: z.string().optional(),
  startedAt: z.iso.datetime(),
});

/** A part that is up. */
export type PartRecord = z.output<typeof partSchema>;

const toolSchema = z.strictObject({ path: z.string(), version: z.string(), origin: z.string() });

/** A program that the sandbox uses. */
export type ToolRecord = z.output<typeof toolSchema>;

export const stateSchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  /** The project's directory. */
  root: z.string(),
  /** The sandbox's folder. */
  directory: z.string(),
  region: z.string(),
  account: z.string(),
  /** How many BuildKit daemons: one for both platforms, or one for each. */
  nodes: z.union([z.literal(1), z.literal(2)]),
  /** By the part's name; kept over `down`, so that addresses stay. */
  ports: z.record(z.string(), z.int().positive()),
  /** The emulator's address. */
  endpoint: z.string(),
  /** Host and port that images are pushed to and pulled from. */
  registry: z.string(),
  /** Address of the Docker daemon. */
  dockerHost: z.string(),
  /** Name of the buildx builder. */
  builder: z.string(),
  /** A dotenv file. */
  environmentFile: z.string(),
  /** Reference in a FROM → reference in the sandbox's registry. */
  baseImages: z.record(z.string(), z.string()),
  tools: z.record(z.string(), toolSchema),
  /** What is up, by name; recorded once it has answered. */
  parts: z.record(z.string(), partSchema),
  /** Whether the sandbox mounted the kernel's table of binary formats. */
  mountedBinaryFormats: z.boolean(),
});

/** Everything about one sandbox, as `state.json` keeps it. */
export type SandboxState = z.output<typeof stateSchema>;

/** Address of ECR's API: the registry answers it, with what the emulator lacks. */
export function ecrEndpoint({ registry }: Pick<SandboxState, "registry">): string {
  return `http://${registry}`;
}

/** Reads the state; undefined when there is none or it can't be read (an older layout). */
export async function readState(path: string): Promise<SandboxState | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The state in memory, written to its file at every change, one change after the other. */
export interface StateStore {
  current(): SandboxState;
  update(change: (state: SandboxState) => SandboxState): Promise<void>;
}

/** Keeps a state in its file. */
export function stateStore(path: string, initial: SandboxState): StateStore {
  let state = initial;
  let written: Promise<void> = Promise.resolve();
  return {
    current: () => state,
    update(change) {
      state = change(state);
      const text = `${JSON.stringify(state, undefined, 2)}\n`;
      written = written
        .catch(() => {})
        .then(async () => {
          await mkdir(dirname(path), { recursive: true });
          await writeFile(`${path}.new`, text, { mode: 0o600 });
          await rename(`${path}.new`, path);
        });
      return written;
    },
  };
}
