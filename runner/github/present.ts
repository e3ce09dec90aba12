import type { ExitCode } from "../../config/problems/errors.ts";
import type { JobReport } from "./job-report.ts";
import { fencedMarkdown } from "./markdown.ts";

/** The result of a command. */
interface Result {
  readonly exitCode: 0 | ExitCode;
  readonly document: unknown;
  readonly text: string;
  job?(): JobReport;
}

/** The job report of a command's result: its own form, or its text. */
export function presentResult(command: string, result: Result): JobReport {
  const report = result.job?.() ?? textReport(command, result);
  const account = stringField(result.document, "account");
  const summary = withoutAccounts(report.summary);
  return { ...report, summary: account === undefined ? summary : withoutAccount(summary, account) };
}

/** A command's text, as a job summary. */
export function textReport(
  command: string,
  { exitCode, document, text }: Omit<Result, "job">,
  outputs: JobReport["outputs"] = {},
): JobReport {
  const outcome = exitCode === 0 ? "done" : outcomeOf(exitCode);
  return {
    stack: stringField(document, "stack"),
    summary: [`## slipway ${command}`, fencedMarkdown(text.split("\n"))].join("\n\n"),
    outputs: { outcome, ...outputs },
    problems: [],
  };
}

/** The job report of a command that was refused or failed. */
export function presentFailure(
  command: string,
  failure: { readonly text: string; readonly exitCode: ExitCode; readonly stack: string | undefined },
): JobReport {
  const outcome = outcomeOf(failure.exitCode);
  return {
    stack: failure.stack,
    summary: withoutAccounts(
      [`## ❌ slipway ${command}: ${outcome}`, fencedMarkdown(failure.text.split("\n"))].join("\n\n"),
    ),
    outputs: { outcome },
    // Whoever reports the error shows them.
    problems: [],
  };
}

/**
 * Without the ids of accounts in ARNs and registries: a job masks them in its log when it is told to, but
 * neither in summaries nor in comments.
 */
export function withoutAccounts(text: string): string {
  return text.replaceAll(/(?<=\barn:[\w-]*:[\w-]*:[\w-]*:)\d{12}\b|\b\d{12}(?=\.dkr\.ecr\.)/g, "ACCOUNT");
}

function withoutAccount(text: string, account: string): string {
  return account === "" ? text : text.replaceAll(account, "ACCOUNT");
}

function outcomeOf(exitCode: ExitCode): string {
  switch (exitCode) {
    case 1:
      return "failed";
    case 2:
      return "invalid";
    case 3:
      return "refused";
    case 130:
      return "interrupted";
  }
}

/** A document's own field: not every command works on a stack, or knows the account. */
function stringField(document: unknown, name: "stack" | "account"): string | undefined {
  const value = (document as Partial<Record<string, unknown>> | null | undefined)?.[name];
  return typeof value === "string" ? value : undefined;
}
