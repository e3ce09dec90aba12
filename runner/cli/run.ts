import { resolve } from "node:path";
import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import { coloursFor } from "../report/colours.ts";
import { describeError, errorDocument } from "../report/errors.ts";
import { createReporter } from "../report/reporter.ts";
import { write } from "../report/write.ts";
import type { CommandContext, CommandResult, GlobalOptions } from "./command.ts";
import { listenForInterrupts } from "./interrupt.ts";
import { findProject } from "./project.ts";

/**
 * Runs a command: progress on stderr, the result on stdout, Ctrl-C, errors. Sets the exit code of the
 * process.
 */
export async function runCommand(
  options: GlobalOptions,
  needs: { readonly anywhere: boolean; readonly command: string },
  work: (context: CommandContext) => Promise<CommandResult>,
): Promise<void> {
  const { stderr: stream, env: environment } = process;
  // Tells the Pulumi program to keep the stack traces that it leaves out (infra/stack-traces.ts).
  if (options.debug) environment.PULUMI_DEBUG_PROMISE_LEAKS ??= "1";
  const output = options.output === "json" ? "json" : "text";
  const reporter = await createReporter({ stream, environment, output });
  const interruption = listenForInterrupts(({ now }) => {
    if (now) return reporter.close();
    reporter.emit({
      kind: "notice",
      message: "interrupted: stopping cleanly (press Ctrl-C again to stop immediately)",
    });
  });
  const { emit } = reporter;
  let directory = resolve(options.cwd);
  const job = () => ({ ...jobOf(options), command: needs.command, directory, environment, emit });
  try {
    if (!needs.anywhere) directory = findProject(options.cwd);
    const result = await work({ directory, emit, signal: interruption.signal, output });
    if (inActions()) await (await import("./job.ts")).reportResult(job(), result);
    reporter.close();
    const text = options.output === "json" ? (JSON.stringify(result.document, null, 2) ?? "") : result.text;
    if (text !== "") await write(process.stdout, `${text.replace(/\n+$/, "")}\n`);
    process.exitCode = result.exitCode;
  } catch (thrown) {
    const error = interruption.signal.aborted && isAbort(thrown) ? interruptedError() : thrown;
    if (inActions()) {
      const text = describeError(error, { debug: false, colours: coloursFor(stream, { NO_COLOR: "1" }) });
      const exitCode = error instanceof UserError ? error.exitCode : 1;
      await (await import("./job.ts")).reportFailure(job(), { text, exitCode });
    }
    reporter.close();
    await reportError(error, options, directory);
    if (interruption.signal.aborted) process.exitCode = 130;
  } finally {
    interruption.dispose();
  }
}

/** Prints an error (as a document on stdout with `--output json`) and sets the exit code. */
export async function reportError(
  error: unknown,
  options: Pick<GlobalOptions, "debug" | "output">,
  directory = process.cwd(),
): Promise<void> {
  const { debug } = options;
  if (options.output === "json") {
    await write(process.stdout, `${JSON.stringify(errorDocument(error, { debug }), null, 2)}\n`);
  }
  await write(process.stderr, `${describeError(error, { debug, colours: coloursFor(process.stderr) })}\n`);
  if (inActions() && error instanceof UserError) {
    const { annotationsOf } = await import("./job.ts");
    await write(process.stderr, await annotationsOf(error.problems, { directory, environment: process.env }));
  }
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}

function interruptedError(): UserError {
  return new UserError(
    { code: "interrupted", message: "interrupted", fix: "run the command again to finish" },
    { exitCode: 130 },
  );
}

function inActions(): boolean {
  return process.env.GITHUB_ACTIONS === "true";
}

/** The options that a job's report uses; not every command has a stack or a comment. */
function jobOf(options: GlobalOptions & { readonly stack?: string; readonly comment?: boolean }) {
  return {
    stack: options.stack ?? process.env.PULUMI_STACK,
    comment: options.comment === true,
    write: (text: string) => write(process.stderr, text),
  };
}
