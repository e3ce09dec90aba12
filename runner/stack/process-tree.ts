import { execaSync } from "execa";

/**
 * Kills processes and all their descendants immediately. For the end of this process only: it is synchronous,
 * and leaves no time for clean-up.
 *
 * The engine's plug-ins are in process groups of their own, so that killing its group would leave
 * them behind.
 */
export function killTree(root: number): void {
  for (const pid of [...descendants(listProcesses(), root), root]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // The process has already ended.
    }
  }
}

/** All processes below one, by their parents. */
export function descendants(
  processes: readonly { readonly pid: number; readonly parent: number }[],
  root: number,
): number[] {
  const children = processes.filter(({ parent }) => parent === root).map(({ pid }) => pid);
  return [...children.flatMap((pid) => descendants(processes, pid)), ...children];
}

function listProcesses(): { readonly pid: number; readonly parent: number }[] {
  const { stdout } = execaSync("ps", ["-A", "-o", "pid=,ppid="], { reject: false });
  return (stdout ?? "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((numbers) => numbers.length === 2)
    .map(([pid = 0, parent = 0]) => ({ pid, parent }));
}
