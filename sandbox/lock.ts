import type { Emit } from "../runner/report/events.ts";
import type { SandboxFolder } from "./folder.ts";
import { withLock } from "./toolchain/lock.ts";

/**
 * Runs `work` while no other process changes this sandbox. Waits for the other process
 * and says which it is. Takes over the lock of a killed process after some seconds.
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
        emit({ kind: "notice", message: `Waiting for the sandbox: ${who} is using it` });
      },
    },
    work,
  );
}
