import type { Emit } from "../runner/report/events.ts";
import type { SandboxFolder } from "./folder.ts";
import { withLock } from "./toolchain/lock.ts";

/**
 * Runs `work` while no other process changes this sandbox. Waits for one that does, and says who it is.
 * A lock that a killed process left is taken over after some seconds.
 */
export function withSandboxLock<T>(
  folder: SandboxFolder,
  options: { readonly purpose: string; readonly emit: Emit; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const { purpose, emit, signal } = options;
  return withLock(
    { directory: folder.directory, name: "lock", purpose },
    {
      signal,
      onWait: (owner) => {
        const who =
          owner === undefined
            ? "another process"
            : `"${owner.purpose}" (process ${owner.processId}, since ${owner.since.slice(11, 19)} UTC)`;
        emit({ kind: "notice", message: `Waiting for the sandbox: ${who} is at work on it` });
      },
    },
    work,
  );
}
