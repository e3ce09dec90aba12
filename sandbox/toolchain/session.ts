import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Emit } from "../../runner/report/events.ts";
import { removeLeftovers } from "./cache.ts";
import { type LockOwner, withLock } from "./lock.ts";
import type { Machine } from "./machine.ts";
import type { ToolName } from "./tools.ts";

/** A tool that is ready to be used. */
export interface ReadyTool {
  readonly path: string;
  readonly version: string;
}

/** How an attempt to get a tool by one rung of the ladder ended. */
export type Attempt =
  | ({ readonly kind: "taken"; readonly how: string } & ReadyTool)
  | { readonly kind: "declined"; readonly reason: string; readonly cause?: unknown };

/** Why a rung does not do; the next one is tried. */
export const declined = (reason: string): Attempt => ({ kind: "declined", reason });

/** What the step that gets one tool can say about itself. */
export interface ToolStep {
  readonly id: string;
  progress(message: string): void;
}

/** One call of `ensureTools`: what its tools share, so that nothing is fetched or asked twice. */
export interface Session {
  readonly cache: string;
  readonly machine: Machine;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Step under which everything is shown. */
  readonly parent: string | undefined;
  readonly requested: ReadonlySet<ToolName>;
  /** Tools that are settled; what is built together leaves them out. */
  readonly settled: Set<ToolName>;
  /** Gets another tool of the table, to build or fetch with. */
  need(name: ToolName): Promise<ReadyTool>;
  /** Does `work` for the first that asks; the others get the same promise. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** A folder that is gone when the session ends. */
  scratch(): Promise<string>;
}

/** Makes a session, and the function that tidies up after it. */
export function openSession(facts: Omit<Session, "once" | "scratch" | "settled">): {
  readonly session: Session;
  close(): Promise<void>;
} {
  const shared = new Map<string, Promise<unknown>>();
  const folders: string[] = [];
  const session: Session = {
    ...facts,
    settled: new Set(),
    once<T>(key: string, work: () => Promise<T>) {
      const existing = shared.get(key) as Promise<T> | undefined;
      if (existing !== undefined) return existing;
      const started = work();
      shared.set(key, started);
      return started;
    },
    async scratch() {
      const parent = join(facts.cache, "scratch");
      await mkdir(parent, { recursive: true });
      // Nobody waits for it: what a killed build has left is large.
      if (folders.length === 0) void removeLeftovers(parent).catch(() => {});
      const folder = await mkdtemp(join(parent, `${process.pid}-`));
      folders.push(folder);
      return folder;
    },
  };
  return {
    session,
    close: async () => {
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}

/** Where the locks of this cache are. */
export const lockDirectory = (cache: string) => join(cache, "locks");

/** Runs `work` while no other process does the same to this cache; the step says who is waited for. */
export function withToolLock<T>(
  { cache, signal }: Session,
  step: Pick<ToolStep, "progress">,
  lock: { readonly name: string; readonly purpose: string },
  work: () => Promise<T>,
): Promise<T> {
  const onWait = (owner: LockOwner | undefined) => step.progress(describeWait(owner));
  return withLock({ directory: lockDirectory(cache), ...lock }, { signal, onWait }, work);
}

/** `waiting for process 4711: building the engine, since 12:01:07` */
export function describeWait(owner: LockOwner | undefined): string {
  if (owner === undefined) return "waiting for another run";
  const since = new Date(owner.since).toTimeString().slice(0, 8);
  return `waiting for process ${owner.processId}: ${owner.purpose}, since ${since}`;
}
