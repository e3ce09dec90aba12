import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { catalogueFile, projectFile } from "../config/description/description.ts";
import { loadStack } from "../config/description/load.ts";
import { type Clients, createClients } from "../runner/aws/clients.ts";
import type { Emit } from "../runner/report/events.ts";
import { stackEnvironment } from "../runner/stack/environment.ts";
import { takeDown } from "../sandbox/down.ts";
import type { SandboxState } from "../sandbox/state.ts";
import { bringUp } from "../sandbox/up.ts";
import { bringAwsCli } from "./aws-cli.ts";

/** The clone that is measured. */
export const clone = resolve(import.meta.dirname, "..");

export const stack = "sandbox";

/** Where everything of a run lies; taken away at its end. */
export const folder = join(clone, ".slipway", "bench");

/** What all cases share: their own local AWS, and the peers' tools. */
export interface World {
  readonly state: SandboxState;
  /** Folder of the AWS CLI. */
  readonly awsCli: string;
  readonly quick: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  say(message: string): void;
}

export interface WorldOptions {
  readonly quick: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Starts a sandbox for `work` only, and always stops and removes it. */
export async function withWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  const { emit, signal } = options;
  const say = (message: string) => emit({ kind: "notice", message });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // A project, as `slipway sandbox up` has it in its directory; else it would look for one further up.
  await writeFile(join(folder, projectFile), "name: bench\nruntime: nodejs\n");
  await writeFile(join(folder, catalogueFile), "services: {}\n");
  try {
    say(`bringing up a local AWS of its own under ${folder}`);
    const [state, awsCli] = await Promise.all([
      bringUp({ root: folder, emit, signal }),
      bringAwsCli(say, signal),
    ]);
    return await work({ ...options, state, awsCli, say });
  } finally {
    say("taking the local AWS down, and everything away that was made for it");
    await takeDown({ root: folder, emit, signal: new AbortController().signal });
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a stack's commands run with: its environment, and the peers' tools on the PATH. */
export async function environmentOf(world: World, directory: string) {
  const { settings } = await loadStack(directory, stack);
  const own = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const stackOwn = await stackEnvironment(directory, settings, process.env);
  const environment: Record<string, string> = {
    ...own,
    ...stackOwn,
    PATH: `${world.awsCli}:${stackOwn.PATH ?? own.PATH ?? ""}`,
    CI: "true",
    NO_COLOR: "1",
  };
  // The clients of this process read the same variables.
  Object.assign(process.env, stackOwn);
  const clients: Clients = createClients(settings, { signal: world.signal });
  return { settings, environment, clients };
}
