import { execa } from "execa";
import { watchUse } from "./memory.ts";
import { watchProcessor } from "./processor.ts";
import type { Sample } from "./result.ts";

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Measured extends Sample {
  readonly stdout: string;
  /** When the process had ended, by `performance.now()`. */
  readonly endedAt: number;
}

/**
 * Runs a command to its end, and measures the whole process from outside.
 *
 * @throws Error with what it printed when it does not end with 0
 */
export async function measure(command: Command, signal: AbortSignal): Promise<Measured> {
  signal.throwIfAborted();
  const processor = await watchProcessor();
  const startedAt = performance.now();
  const child = execa(command.program, [...command.arguments], {
    cwd: command.directory,
    env: command.environment,
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    cancelSignal: signal,
    killSignal: "SIGINT",
    forceKillAfterDelay: 20_000,
  });
  const use = child.pid === undefined ? () => ({ peakBytes: 0, programs: [] }) : watchUse(child.pid);
  const { exitCode, stdout, stderr } = await child;
  const endedAt = performance.now();
  const { peakBytes, programs } = use();
  signal.throwIfAborted();
  if (exitCode !== 0) {
    const line = [command.program, ...command.arguments].join(" ");
    throw new Error(`${line} ended with ${exitCode}:\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`);
  }
  const processorSeconds = await processor();
  return { seconds: (endedAt - startedAt) / 1000, processorSeconds, peakBytes, programs, stdout, endedAt };
}
