import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { findRepository } from "../../github/api.ts";
import { type KeptIssue, keepIssue } from "../../github/issue.ts";
import type { LifecycleReportDocument } from "./report.ts";

/**
 * Keeps the stack's issue: its body is the report, and it is closed when there is nothing left to do.
 *
 * @param environment GitHub's variables of the job: GITHUB_REPOSITORY, GITHUB_TOKEN, GITHUB_API_URL
 * @throws UserError if the job has no repository or token, or GitHub refuses
 */
export async function keepReportIssue(
  { stack, outcome }: Pick<LifecycleReportDocument, "stack" | "outcome">,
  markdown: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<KeptIssue> {
  const repository = findRepository(environment);
  if (typeof repository === "string") throw refusal(repository);
  const issue = {
    name: `lifecycle:${stack}`,
    title: `Images of ${stack}: something to look at`,
    body: outcome === "nothing" ? undefined : markdown,
    closing: "There is nothing left to do.",
  };
  try {
    return await keepIssue(repository, issue, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw refusal(firstLine(error), error);
  }
}

function refusal(message: string, cause?: unknown): UserError {
  return new UserError(
    {
      code: "no-issue",
      where: "--issue",
      message: `could not keep the issue: ${message}`,
      fix: "run it in a GitHub Actions job with issues: write, and hand it GITHUB_TOKEN; or leave --issue out",
    },
    { exitCode: 1, cause },
  );
}

/** 3 if a policy would take what something needs, as for `lifecycle preview`. */
export function conflictsExit({ conflicts }: Pick<LifecycleReportDocument, "conflicts">): 0 | 3 {
  return conflicts.length > 0 ? 3 : 0;
}
