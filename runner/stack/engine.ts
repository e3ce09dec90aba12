import { delimiter, join } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import { CommandError, ConcurrentUpdateError, StackNotFoundError } from "@pulumi/pulumi/automation/errors.js";
import { execa } from "execa";
import { UserError } from "../../config/problems/errors.ts";
import { killTree } from "./process-tree.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** The Pulumi CLI. */
export type Engine = PulumiCommand & { readonly run: RunEngine };

/** Runs the Pulumi CLI with arguments in a folder. */
export type RunEngine = ReturnType<typeof runEngine>;

/**
 * Finds the Pulumi engine on the PATH.
 *
 * It is run in a process group of its own: Ctrl-C on a terminal reaches a whole group, and a second
 * interrupt makes the engine give up at once and leave its state behind half-written. So the engine
 * hears of it from us alone, once; when this process ends, the engine and its plug-ins end with it.
 *
 * @param signal aborted: whatever the engine is doing is cancelled, cleanly
 * @throws UserError `missing-pulumi`
 */
export async function findEngine(signal: AbortSignal): Promise<Engine> {
  const command = await PulumiCommand.get().catch((error: unknown) => {
    throw engineProblem(error);
  });
  return Object.assign(command, { run: runEngine(signal, command.command) });
}

/**
 * Automation's own way to run the engine (`automation/cmd.js`), with a process group and our signal.
 *
 * @param always aborted: whatever the engine is doing is cancelled, cleanly
 */
export function runEngine(always: AbortSignal, command = "pulumi") {
  return async (
    args: string[],
    cwd: string,
    environment: Record<string, string>,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    runSignal?: AbortSignal,
  ) => {
    const signal = runSignal === undefined ? always : AbortSignal.any([always, runSignal]);
    signal.throwIfAborted();
    // Pulumi's language host leaves the pipes that it talks to a program by, one folder for each run.
    return withTemporaryFolder("engine", async (temporary) => {
      const child = execa(
        command,
        [...args, ...(args.includes("--non-interactive") ? [] : ["--non-interactive"])],
        {
          cwd,
          env: {
            ...environment,
            PULUMI_AUTOMATION_API: "true",
            TMPDIR: temporary,
            NODE_PATH: modulePath(environment.NODE_PATH ?? process.env.NODE_PATH),
          },
          detached: true,
          reject: false,
          maxBuffer: 100_000_000,
          stripFinalNewline: false,
        },
      );
      child.stdout.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => onError?.(text));
      const cancel = () => child.kill("SIGINT");
      const kill = () => child.pid !== undefined && killTree(child.pid);
      signal.addEventListener("abort", cancel, { once: true });
      process.once("exit", kill);
      try {
        const { stdout, stderr, exitCode, failed, code: systemCode } = await child;
        signal.throwIfAborted();
        if (systemCode === "ENOENT") throw engineProblem(new Error("ENOENT"));
        if (failed) throw commandError(stdout, stderr);
        return { stdout, stderr, code: exitCode ?? -1 };
      } finally {
        signal.removeEventListener("abort", cancel);
        process.off("exit", kill);
      }
    });
  };
}

/**
 * Where Pulumi's language host looks for its SDK (`require.resolve` in the project's folder) when the project
 * has none: a project that npm has linked to a clone. npm installs the packages of a linked folder in that folder only.
 */
export function modulePath(before: string | undefined): string {
  const ours = join(import.meta.dirname, "../../node_modules");
  return before === undefined || before === "" ? ours : `${before}${delimiter}${ours}`;
}

/** The errors that Automation tells apart, by what the engine says. */
function commandError(stdout: string, stderr: string): CommandError {
  const text = `${stdout}\n${stderr}`.trim();
  if (/no stack named.*found/.test(stderr)) return new StackNotFoundError(text);
  const locked = /the stack is currently locked by|Another update is currently in progress/.test(stderr);
  return locked ? new ConcurrentUpdateError(text) : new CommandError(text);
}

function engineProblem(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (/ENOENT/.test(message)) {
    return new UserError(
      {
        code: "missing-pulumi",
        where: "PATH",
        message: "the Pulumi CLI is not installed",
        fix: "install it (https://www.pulumi.com/docs/install/), and check with slipway doctor",
      },
      { cause: error },
    );
  }
  const tooOld = /version requirement failed[^\n]*|Minimum version requirement[^\n]*/i.exec(message)?.[0];
  if (tooOld === undefined) return error;
  return new UserError(
    { code: "old-pulumi", where: "PATH", message: tooOld, fix: "install a newer Pulumi CLI" },
    { cause: error },
  );
}
