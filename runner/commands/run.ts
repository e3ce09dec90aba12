import { resolve } from "node:path";
import { UserError } from "../../config/errors.ts";
import { coloursFor } from "../report/colours.ts";
import { describeError, errorDocument } from "../report/errors.ts";
import { annotation } from "../report/github.ts";
import { createReporter } from "../report/reporter.ts";
import { write } from "../report/write.ts";
import type { CommandContext, CommandResult, GlobalOptions } from "./command.ts";
import { isAbort, listenForInterrupts } from "./interrupt.ts";
import { findProject } from "./project.ts";

/**
 * Runs a command in its surroundings: progress to stderr, the result to stdout, Ctrl-C, errors. Sets
 * the exit code of the process.
 */
export async function runCommand(
  options: GlobalOptions,
  needs: { readonly anywhere: boolean },
  work: (context: CommandContext) => Promise<CommandResult>,
): Promise<void> {
  const { stderr: stream, env: environment } = process;
  const reporter = await createReporter({ stream, environment, output: options.output });
  const interruption = listenForInterrupts(({ now }) => {
    if (now) return reporter.close();
    reporter.emit({
      kind: "notice",
      message: "interrupted: stopping cleanly (once more to stop at once)",
    });
  });
  try {
    const directory = needs.anywhere ? resolve(options.cwd) : findProject(options.cwd);
    const { emit } = reporter;
    const result = await work({ directory, emit, signal: interruption.signal, output: options.output });
    reporter.close();
    const text = options.output === "json" ? JSON.stringify(result.document, null, 2) : result.text;
    if (text !== "") await write(process.stdout, `${text.replace(/\n+$/, "")}\n`);
    process.exitCode = result.exitCode;
  } catch (error) {
    reporter.close();
    const interrupted = interruption.signal.aborted && isAbort(error);
    await reportError(interrupted ? interruptedError() : error, options);
    if (interruption.signal.aborted) process.exitCode = 130;
  } finally {
    interruption.dispose();
  }
}

/** Prints an error (as a document on stdout with `--output json`) and sets the exit code. */
export async function reportError(
  error: unknown,
  options: Pick<GlobalOptions, "debug" | "output">,
): Promise<void> {
  const { debug } = options;
  if (options.output === "json") {
    await write(process.stdout, `${JSON.stringify(errorDocument(error, { debug }), null, 2)}\n`);
  }
  await write(process.stderr, `${describeError(error, { debug, colours: coloursFor(process.stderr) })}\n`);
  if (process.env.GITHUB_ACTIONS === "true" && error instanceof UserError) {
    const annotations = error.problems.map((problem) => `${annotation("error", problem)}\n`);
    await write(process.stderr, annotations.join(""));
  }
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}

function interruptedError(): UserError {
  return new UserError(
    { code: "interrupted", message: "interrupted", fix: "run it again to finish what was begun" },
    { exitCode: 130 },
  );
}
