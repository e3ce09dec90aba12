import { sandboxFolder } from "./folder.ts";
import { newState } from "./open.ts";
import { partsOf } from "./parts/all.ts";
import type { Sandbox } from "./parts/part.ts";
import { readState } from "./state.ts";

/** How one part of a sandbox is. */
export interface PartStatus {
  readonly name: string;
  readonly title: string;
  /** `broken`: it was up and no longer answers. */
  readonly state: "up" | "broken" | "down";
  /** Why it is broken. */
  readonly reason?: string;
  readonly version?: string;
  /** Where it came from. */
  readonly origin?: string;
  readonly address?: string;
  readonly pid?: number;
  readonly log?: string;
  readonly startedAt?: string;
}

/** How a sandbox is. */
export interface SandboxStatus {
  readonly state: "up" | "broken" | "down";
  readonly directory: string;
  /** Address of the emulator. */
  readonly endpoint: string;
  /** Host and port of the registry. */
  readonly registry: string;
  readonly environmentFile: string;
  readonly parts: readonly PartStatus[];
}

/** Asks every part how it is, all at once. Changes nothing. */
export async function inspectSandbox(options: { readonly root: string }): Promise<SandboxStatus> {
  const folder = sandboxFolder(options.root);
  const state = (await readState(folder.state)) ?? newState(folder);
  const sandbox: Sandbox = {
    folder,
    store: { current: () => state, update: async () => {} },
    emit: () => {},
    signal: new AbortController().signal,
    tool: async (name) => {
      throw new Error(`a look at the sandbox does not bring ${name}`);
    },
  };
  const parts = await Promise.all(
    partsOf(state.nodes).map(async (part): Promise<PartStatus> => {
      const record = state.parts[part.name];
      const named = { name: part.name, title: part.title };
      if (record === undefined) return { ...named, state: "down" };
      const health = await part.check(sandbox, record);
      const { process, version, origin, address, log, startedAt } = record;
      return {
        ...named,
        ...(health.healthy ? { state: "up" } : { state: "broken", reason: health.reason }),
        version,
        origin,
        address,
        ...(process === undefined ? {} : { pid: process.pid }),
        ...(log === undefined ? {} : { log }),
        startedAt,
      };
    }),
  );
  const { directory, endpoint, registry, environmentFile } = state;
  return { state: overall(parts), directory, endpoint, registry, environmentFile, parts };
}

/** Up when all parts are, down when none is, otherwise broken. */
export function overall(parts: readonly Pick<PartStatus, "state">[]): SandboxStatus["state"] {
  if (parts.every(({ state }) => state === "up")) return "up";
  return parts.every(({ state }) => state === "down") ? "down" : "broken";
}
