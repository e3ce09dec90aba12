import { describeProblem, UserError } from "../../config/problems/errors.ts";
import type { Colours } from "./colours.ts";

/** An error as people read it: every problem, or for a bug what is needed to report it. */
export function describeError(
  error: unknown,
  options: { readonly debug: boolean; readonly colours: Colours },
): string {
  const { red, dim } = options.colours;
  if (error instanceof UserError) {
    const problems = error.problems.map((problem) => {
      const [first = "", ...rest] = describeProblem(problem).split("\n");
      return [`${red("error:")} ${first}`, ...rest.map((line) => dim(line))].join("\n");
    });
    const cause = options.debug && error.cause !== undefined ? [dim(inspect(error.cause))] : [];
    return [...problems, ...cause].join("\n");
  }
  if (options.debug) return `${red("bug:")} ${inspect(error)}`;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${red("bug:")} ${message.split("\n")[0]} (run the command again with --debug for the stack trace)`;
}

/** An error as the one document of `--output json`. */
export function errorDocument(error: unknown, options: { readonly debug: boolean }): unknown {
  if (error instanceof UserError) return { error: { problems: error.problems } };
  const message = error instanceof Error ? error.message : String(error);
  return {
    error: {
      problems: [{ code: "bug", message, fix: "run the command again with --debug for the stack trace" }],
      ...(options.debug && error instanceof Error && { stack: error.stack }),
    },
  };
}

function inspect(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${inspect(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
