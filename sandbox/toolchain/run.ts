import { basename } from "node:path";
import { execa } from "execa";
import { UserError } from "../../config/problems/errors.ts";

export interface ProcessOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Added to this process's own environment; `undefined` takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Every line that it prints, as it comes. */
  readonly onLine?: (line: string) => void;
  readonly timeoutSeconds?: number;
  /** Lines that only show progress: errors leave them out. */
  readonly progressLine?: RegExp;
}

export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard output and error, as they came. */
  readonly output: string;
}

const diskFull = /no space left on device|ENOSPC|disk quota exceeded/i;

/**
 * Runs a program to its end in a process group of its own, which is killed with everything in it when
 * `signal` is aborted or this process ends.
 *
 * @throws AbortError when aborted; UserError when the disk is full; never for an exit code.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  options.signal.throwIfAborted();
  const child = execa(command, args, {
    all: true,
    reject: false,
    stdin: "ignore",
    killDescendants: true,
    forceKillAfterDelay: 2000,
    cancelSignal: options.signal,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.environment === undefined ? {} : { env: options.environment }),
    ...(options.timeoutSeconds === undefined ? {} : { timeout: options.timeoutSeconds * 1000 }),
  });
  if (options.onLine !== undefined) {
    for await (const line of child.iterable({ from: "all" })) options.onLine(String(line));
  }
  const result = await child;
  options.signal.throwIfAborted();
  const output = result.all ?? "";
  if (result.exitCode !== 0 && diskFull.test(output)) throw diskFullError(basename(command), output);
  const { stdout } = result;
  if (result.timedOut) {
    return { exitCode: 124, stdout, output: `${output}\nno end after ${options.timeoutSeconds} s` };
  }
  return {
    exitCode: result.exitCode ?? 127,
    stdout,
    output: output === "" ? (result.message ?? "") : output,
  };
}

/**
 * Like `runProcess`, for what must succeed: returns its standard output. The error carries the last lines.
 */
export async function runToSuccess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<string> {
  const { exitCode, stdout, output } = await runProcess(command, args, options);
  if (exitCode === 0) return stdout;
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !options.progressLine?.test(line));
  const last = lines.slice(-8).join("\n");
  throw new Error(`${basename(command)} ${args[0] ?? ""} ended with ${exitCode}: ${last}`);
}

/** The error for a disk that ran full while `who` wrote to it. */
export function diskFullError(who: string, detail: string): UserError {
  const line = detail.split("\n").find((candidate) => diskFull.test(candidate)) ?? detail;
  return new UserError(
    {
      code: "disk-full",
      message: `The disk is full: ${who} could not write (${line.trim()})`,
      fix: "Free some space, or point SLIPWAY_CACHE and TMPDIR at a disk with enough space, then run the command again",
    },
    { exitCode: 1 },
  );
}

/** Turns Node's own "no space left" into the error that names it; passes everything else on. */
export function nameDiskFull(error: unknown, who: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOSPC" || code === "EDQUOT" ? diskFullError(who, String(error)) : error;
}
