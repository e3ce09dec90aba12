import type { Emit, Step } from "../../runner/report/events.ts";
import type { SandboxFolder } from "../folder.ts";
import type { PartRecord, StateStore, ToolRecord } from "../state.ts";
import type { ToolName } from "../toolchain/tools.ts";

/** What a part is given to work with. */
export interface Sandbox {
  readonly folder: SandboxFolder;
  readonly store: StateStore;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** A program of the toolchain, fetched if it is missing. A second request gets the same program. */
  tool(name: ToolName): Promise<ToolRecord>;
}

export type Health = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

export const healthy: Health = { healthy: true };
export const unhealthy = (reason: string): Health => ({ healthy: false, reason });

/**
 * How long something that runs may take to answer before it counts as broken. Long, as a machine with
 * much to do is no fault of a part's, and the emulator loses what it holds when it is started again.
 */
export const answerMilliseconds = 15_000;

/** How long a running process may take for its first answer. A process that ends is reported at once. */
export const startSeconds = 180;

/** What a part says of itself once it is up; the time is added. */
export type Started = Omit<PartRecord, "startedAt">;

/** One thing that the sandbox consists of. */
export interface Part {
  readonly name: string;
  /** What it is and what for, on one line. */
  readonly title: string;
  /** Parts that must be up before this one starts. */
  readonly needs: readonly string[];
  /** Tools that its start asks for: they are brought while it still waits for other parts. */
  readonly tools: readonly ToolName[];
  /** Whether what was started before still answers. Quick; never throws. */
  check(sandbox: Sandbox, record: PartRecord): Promise<Health>;
  /** Starts it, or starts it again; returns once it answers. Clears away what a crash has left first. */
  start(sandbox: Sandbox, step: Step): Promise<Started>;
  /** Leaves nothing behind that `start` made outside of the sandbox's folder; fine when nothing runs. */
  stop(sandbox: Sandbox): Promise<void>;
}
