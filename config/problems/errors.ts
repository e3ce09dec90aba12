import type { ExitCode } from "./codes/entry.ts";
import type { ErrorCode } from "./codes.ts";

export type { ExitCode };

/**
 * A problem that the user can fix: what is wrong, where, and the fix.
 */
export interface Problem {
  /** Stable, lower-case, hyphenated: `unknown-service`, `retention-refused`. */
  readonly code: ErrorCode;
  /** What is wrong, one sentence, without a full stop. */
  readonly message: string;
  /** File (relative to the project), command-line option or AWS resource in which it was found. */
  readonly where?: string;
  /** Path of the key inside that file: `services.ui.platforms[1]`. */
  readonly key?: string;
  /** The offending value, as the user wrote it. Never a secret. */
  readonly value?: unknown;
  /** What to do, in the imperative. */
  readonly fix?: string;
}

/**
 * The one class for errors that a user can cause. Printed without a stack; several problems are
 * reported together. Anything else that is thrown is a bug.
 */
export class UserError extends Error {
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;

  constructor(
    problems: Problem | readonly Problem[],
    options: { readonly exitCode?: ExitCode; readonly cause?: unknown } = {},
  ) {
    const all = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(all.map(describeProblem).join("\n"), { cause: options.cause });
    this.name = "UserError";
    this.problems = all;
    this.exitCode = options.exitCode ?? 2;
  }
}

/** The problem as text: place, message, value and fix, each on a line of its own when there is one. */
export function describeProblem(problem: Problem): string {
  const place = [problem.where, problem.key].filter((part) => part !== undefined).join(": ");
  const lines = [place === "" ? problem.message : `${place}: ${problem.message}`];
  if (problem.value !== undefined) lines.push(`  value: ${JSON.stringify(problem.value)}`);
  if (problem.fix !== undefined) lines.push(`  fix: ${problem.fix}`);
  return lines.join("\n");
}
