import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The holder of a stack's lock, as the backend reports it. */
export interface LockHolder {
  /** For people: `root@builder (pid 42) since 2026-05-04T10:20:30Z`. */
  readonly description: string;
  readonly host?: string;
  readonly pid?: number;
}

/** Parses the holder of a stack's lock from the engine's message about a conflict; undefined without one. */
export function lockHolder(text: string): LockHolder | undefined {
  // Backends that keep state in files and buckets.
  const file = /created by (\S+?)@(\S+) \(pid (\d+)\) at (\S+)/.exec(text);
  if (file !== null) {
    const [, user, host = "", pid, at] = file;
    return { description: `${user}@${host} (pid ${pid}) since ${at}`, host, pid: Number(pid) };
  }
  // Pulumi Cloud: "[409] Conflict: Another update is currently in progress." and, further down, who.
  if (/Another update is currently in progress/.test(text)) {
    const started = /(?:started|requested) by ([^\n.]+)/i.exec(text)?.[1]?.trim();
    return { description: started ?? "another update, see the stack's page in Pulumi Cloud" };
  }
  return /the stack is currently locked by/.test(text) ? { description: "another run" } : undefined;
}

/**
 * Whether the lock was left behind by a run that was killed: its process was on this machine, and is
 * no more. Only for state on this machine's own disk: machines of a CI service share their names, and
 * a lock in a bucket could be another one's, and alive.
 */
export function isAbandoned(
  holder: LockHolder,
  backend: string | undefined,
  isEngine: (pid: number) => boolean = isRunningEngine,
): boolean {
  if (backend?.startsWith("file://") !== true) return false;
  return holder.host === hostname() && holder.pid !== undefined && !isEngine(holder.pid);
}

/** Whether a process runs and seems to be a Pulumi engine; process ids are reused. */
function isRunningEngine(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("pulumi");
  } catch {
    return true;
  }
}
