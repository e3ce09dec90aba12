import type { CommandModule } from "yargs";
import type { ExitCode } from "../../config/problems/errors.ts";
import type { JobReport } from "../github/job-report.ts";
import type { Emit } from "../report/events.ts";

/** What every command is given, beside its own options. */
export interface CommandContext {
  /** The project's directory: where Pulumi.yaml is. Absolute. */
  readonly directory: string;
  readonly emit: Emit;
  /** Aborted at the first Ctrl-C (or SIGTERM); the second ends the process at once. */
  readonly signal: AbortSignal;
  /** `json`: the command's result is the one document on stdout. */
  readonly output: "text" | "json";
}

/** What a command returns: how to exit, the document for `--output json`, and the text for people. */
export interface CommandResult {
  readonly exitCode: 0 | ExitCode;
  /** Serialised as JSON with `--output json`; undefined when everything was printed meanwhile. */
  readonly document: unknown;
  /** Printed to stdout otherwise. */
  readonly text: string;
  /** The summary and outputs that a job of GitHub Actions gets, where the verb has a form of its own; default: the text. */
  job?(): JobReport;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly cwd: string;
  /** `github` is `changed`'s alone. */
  readonly output: "text" | "json" | "github";
  readonly debug: boolean;
}

/** A command as yargs takes it; made by `defineCommand` in `runner/cli/define.ts`. */
export type Command = CommandModule<GlobalOptions>;
