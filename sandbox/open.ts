import { mkdir } from "node:fs/promises";
import type { Emit } from "../runner/report/events.ts";
import { type SandboxFolder, sandboxFolder } from "./folder.ts";
import { builderName } from "./parts/builder.ts";
import { ownDockerHost } from "./parts/docker.ts";
import type { Sandbox } from "./parts/part.ts";
import { readState, type SandboxState, stateStore } from "./state.ts";
import { type BringTools, type ToolBox, toolBox } from "./tool-box.ts";

export interface OpenOptions {
  /** The project's directory; the sandbox is below `.slipway/sandbox` in it. */
  readonly root: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How tools are brought; default: the toolchain. */
  readonly bringTools?: BringTools;
}

/** A sandbox as its state file has it, or a new one. Call it while holding the sandbox's lock. */
export async function openSandbox(options: OpenOptions): Promise<Sandbox & ToolBox> {
  const folder = sandboxFolder(options.root);
  await mkdir(folder.home, { recursive: true });
  const store = stateStore(folder.state, (await readState(folder.state)) ?? newState(folder));
  return { folder, store, emit: options.emit, signal: options.signal, ...toolBox(store, options) };
}

/** A sandbox of which nothing is up. */
export function newState(folder: SandboxFolder): SandboxState {
  return {
    format: 1,
    id: folder.id,
    root: folder.root,
    directory: folder.directory,
    region: "us-east-1",
    account: "000000000000",
    nodes: 2,
    ports: {},
    endpoint: "",
    registry: "",
    dockerHost: ownDockerHost(folder),
    builder: builderName,
    environmentFile: folder.environment,
    baseImages: {},
    tools: {},
    parts: {},
    mountedBinaryFormats: false,
  };
}
