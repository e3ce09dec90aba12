import { readFile } from "node:fs/promises";
import { execa } from "execa";
import type { ProcessIdentity } from "../state.ts";

/** When a process began, in words that no other process with its number will have; undefined: it is gone. */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") {
    const { stdout, exitCode } = await execa("ps", ["-o", "lstart=", "-p", String(pid)], { reject: false });
    return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (status === undefined) return undefined;
  // The name, in brackets, may hold spaces and brackets itself; state is field 3, start time field 22.
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : `${await bootId()} ${fields[19]}`;
}

/** @throws Error when the process is already gone */
export async function identify(pid: number): Promise<ProcessIdentity> {
  const startedAt = await startOf(pid);
  if (startedAt === undefined) throw new Error(`process ${pid} ended at once`);
  return { pid, startedAt };
}

/** Whether this very process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await startOf(identity.pid)) === identity.startedAt;
}

let boot: Promise<string> | undefined;

function bootId(): Promise<string> {
  boot ??= readFile("/proc/sys/kernel/random/boot_id", "utf8").then((text) => text.trim().slice(0, 8));
  return boot;
}
