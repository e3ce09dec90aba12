import { presentDeployment } from "../../deploy/job.ts";
import type { JobReport } from "../../github/job-report.ts";
import { fencedMarkdown } from "../../github/markdown.ts";
import type { RebuiltDocument } from "./document.ts";

/** The job summary: the list, and what the deployment of rebuilt services did. */
export function presentOutdated(document: RebuiltDocument, text: string): JobReport {
  const { stack, outcome, rebuild } = document;
  const list = ["## slipway outdated", fencedMarkdown(text.split("\n"))].join("\n\n");
  if (rebuild?.deployment === undefined)
    return { stack, summary: list, outputs: { outcome: outcomeOf(document) }, problems: [] };
  const deployed = presentDeployment(rebuild.deployment);
  return {
    ...deployed,
    outputs: { ...deployed.outputs, outdated: outcome },
    summary: `${list}\n\n${deployed.summary}`,
  };
}

/** What jobs are told of a command that succeeds or is refused; the list itself is in the document. */
function outcomeOf({ rebuild }: RebuiltDocument): string {
  return (rebuild?.skipped.length ?? 0) > 0 ? "refused" : "done";
}
