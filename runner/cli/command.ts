import type { CommandModule } from "yargs";
import type { ExitCode } from "../../config/problems/errors.ts";
import type { JobReport } from "../github/job-report.ts";
import type { Emit } from "../report/events.ts";

/** What every command receives, besides its own options. */
export interface CommandContext {
  /** Absolute path of the project directory, which has Pulumi.yaml. */
  readonly directory: string;
  readonly emit: Emit;
  /** Aborted at the first Ctrl-C (or SIGTERM); the second ends the process immediately. */
  readonly signal: AbortSignal;
  /** `json`: the command's result is the one document on stdout. */
  readonly output: "text" | "json";
}

/** What a command returns: the exit code, the document for `--output json`, and the text. */
export interface CommandResult {
  readonly exitCode: 0 | ExitCode;
  /** Printed as JSON with `--output json`; undefined if the command already printed everything. */
  readonly document: unknown;
  /** Printed to stdout otherwise. */
  readonly text: string;
  /** Summary and outputs for a GitHub Actions job, if the command has its own form; default: the text. */
  job?(): JobReport;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly cwd: string;
  /** Only `changed` has `github`. */
  readonly output: "text" | "json" | "github";
  readonly debug: boolean;
}

/** A command for yargs; `defineCommand` in `runner/cli/define.ts` makes it. */
export type Command = CommandModule<GlobalOptions>;
