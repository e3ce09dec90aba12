import { spawn } from "node:child_process";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../config/problems/errors.ts";
import type { ProcessIdentity } from "../state.ts";
import { identify, isAlive } from "./identity.ts";
import { markVariable } from "./marked.ts";

export interface Daemon {
  /** The sandbox's id. */
  readonly sandbox: string;
  readonly part: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** All of its environment, but for the mark. */
  readonly environment: Readonly<Record<string, string>>;
  /** The log of the run before is kept beside it as `.previous`. */
  readonly log: string;
}

/** Starts a process that outlives this one, in a group of its own, with its output in a file. */
export async function startDaemon(daemon: Daemon): Promise<ProcessIdentity> {
  await mkdir(dirname(daemon.log), { recursive: true });
  await rename(daemon.log, `${daemon.log}.previous`).catch(() => {});
  const log = await open(daemon.log, "a", 0o600);
  try {
    const child = spawn(daemon.command, daemon.arguments, {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      cwd: "/",
      env: { ...daemon.environment, [markVariable]: `${daemon.sandbox}/${daemon.part}` },
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return await identify(child.pid as number).catch(() => {
      throw died(daemon.part, daemon.log, "");
    });
  } finally {
    await log.close();
  }
}

/**
 * Waits until a daemon answers.
 *
 * @throws UserError with its last log lines when it ends before, or does not answer in time
 */
export async function untilAnswers(
  daemon: { readonly part: string; readonly log: string; readonly process: ProcessIdentity },
  answers: () => Promise<boolean>,
  options: { readonly signal: AbortSignal; readonly timeoutSeconds: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  for (;;) {
    options.signal.throwIfAborted();
    if (await answers()) return;
    if (!(await isAlive(daemon.process))) throw died(daemon.part, daemon.log, await lastLines(daemon.log));
    if (Date.now() > deadline) {
      throw new UserError(
        {
          code: "sandbox-part-silent",
          where: daemon.log,
          message: `${daemon.part} did not answer within ${options.timeoutSeconds} s; its last output:\n${await lastLines(daemon.log)}`,
          fix: "read its log, then run the command again",
        },
        { exitCode: 1 },
      );
    }
    await delay(50, undefined, { signal: options.signal });
  }
}

/** The last lines of a log, indented. */
export async function lastLines(path: string, count = 8): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `    ${line}`)
    .join("\n");
}

function died(part: string, log: string, lines: string): UserError {
  const full = /no space left on device|disk quota exceeded/i.test(lines);
  return new UserError(
    {
      code: full ? "disk-full" : "sandbox-part-died",
      where: relative(process.cwd(), log) || log,
      message: full
        ? `the disk is full: ${part} could not write:\n${lines}`
        : `${part} ended right after its start; its last output:\n${lines}`,
      fix: full
        ? "free some space and run the command again"
        : "fix what it reports, then run the command again",
    },
    { exitCode: 1 },
  );
}
