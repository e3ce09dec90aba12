import type { ExitCode } from "../../../config/errors.ts";
import { fencedMarkdown } from "../../report/markdown.ts";
import type { DeployDocument, DeployPlan } from "../documents.ts";
import type { PromoteDocument } from "../promote.ts";
import type { BuildDocument } from "../review.ts";
import type { RollbackDocument } from "../rollback.ts";
import { presentBuild } from "./build.ts";
import { digestsOf, presentDeployment } from "./deployment.ts";
import type { JobReport } from "./job-report.ts";
import { presentPlan } from "./plan.ts";

/** A result as a command returns it. */
interface Result {
  readonly exitCode: 0 | ExitCode;
  readonly document: unknown;
  readonly text: string;
}

/** A command's result as a job shows it: in a form of its own, or as the text that people get. Pure. */
export function presentResult(command: string, result: Result): JobReport {
  const report = presented(command, result);
  const account = (result.document as { account?: unknown } | null)?.account;
  const summary = withoutAccounts(report.summary);
  return { ...report, summary: typeof account === "string" ? withoutAccount(summary, account) : summary };
}

function presented(command: string, result: Result): JobReport {
  if (isDocument<DeployDocument>(result.document, "deploy")) {
    const { stack, outcome, services } = result.document;
    const names = services.map(({ service }) => service);
    return {
      ...presentDeployment(result.document),
      stack,
      outputs: { outcome, services: JSON.stringify(names), digests: JSON.stringify(digestsOf(services)) },
    };
  }
  if (isDocument<DeployPlan>(result.document, "plan")) return presentPlan(result.document);
  if (isDocument<BuildDocument>(result.document, "build")) return presentBuild(result.document);
  const stack = stackOf(result.document);
  const outcome = result.exitCode === 0 ? "done" : outcomeOf(result.exitCode);
  return {
    stack,
    summary: [`## slipway ${command}`, fencedMarkdown(result.text.split("\n"))].join("\n\n"),
    outputs: { outcome, ...outputsOf(result.document) },
    problems: [],
  };
}

/** A command that was refused or failed, as a job shows it. Pure. */
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
 * neither in summaries nor in comments. Pure.
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

function isDocument<T extends { readonly kind: string }>(value: unknown, kind: T["kind"]): value is T {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === kind;
}

/** The services that images were moved for, and which: of a promotion or a rollback. */
function outputsOf(document: unknown): Readonly<Record<string, string>> {
  if (
    !isDocument<PromoteDocument>(document, "promote") &&
    !isDocument<RollbackDocument>(document, "rollback")
  )
    return {};
  const names = document.services.map(({ service }) => service);
  return { services: JSON.stringify(names), digests: JSON.stringify(digestsOf(document.services)) };
}

function stackOf(document: unknown): string | undefined {
  const stack = (document as { stack?: unknown } | null)?.stack;
  return typeof stack === "string" ? stack : undefined;
}
