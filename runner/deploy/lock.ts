import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { UserError } from "../../config/errors.ts";
import { formatDuration } from "../report/duration.ts";
import type { Emit } from "../report/events.ts";

const waitSeconds = 1800;
const pollSeconds = 1;
/** A lock that was not renewed for so long was left behind by a run that was killed. */
const staleSeconds = 15;

export interface TargetsLock {
  /** Whether another run had to be waited for: what was found out before may be out of date. */
  readonly waited: boolean;
  release(): Promise<void>;
}

/**
 * Holds the right to move targets of a stack from this checkout. While another run holds it, says who
 * and waits. (Pulumi's own lock covers building, and all machines; this one covers what comes after.)
 *
 * @throws UserError `deployment-in-progress` when it takes too long
 */
export async function lockTargets(
  directory: string,
  stack: string,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<TargetsLock> {
  const folder = join(directory, ".slipway");
  const file = join(folder, `deploy.${stack}`);
  const holderFile = `${file}.holder`;
  await mkdir(folder, { recursive: true });
  const startedAt = performance.now();
  for (let waited = false; ; waited = true) {
    try {
      const release = await lock(file, { realpath: false, stale: staleSeconds * 1000, update: 5000 });
      await writeFile(holderFile, describeSelf(new Date()));
      return {
        waited,
        release: async () => {
          await rm(holderFile, { force: true });
          await release();
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      const holder = await readFile(holderFile, "utf8").catch(() => "another run");
      if (!waited) {
        const limit = formatDuration(waitSeconds * 1000);
        emit({
          kind: "notice",
          message: `waiting for ${holder}, which is deploying to ${stack} (for ${limit} at most)`,
        });
      }
      if ((performance.now() - startedAt) / 1000 > waitSeconds) throw inProgress(stack, holder);
      await sleep(pollSeconds * 1000, undefined, { signal });
    }
  }
}

function describeSelf(now: Date): string {
  return `${userInfo().username}@${hostname()} (pid ${process.pid}) since ${now.toISOString().replace(/\.\d+Z$/, "Z")}`;
}

function inProgress(stack: string, holder: string): UserError {
  return new UserError(
    {
      code: "deployment-in-progress",
      where: `stack ${stack}`,
      message: `${holder} has been deploying for longer than ${formatDuration(waitSeconds * 1000)}`,
      fix: "wait until it is done, or end it",
    },
    { exitCode: 1 },
  );
}
