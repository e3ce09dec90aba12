import { gatesMarkdown } from "../github/gates.ts";
import type { JobReport } from "../github/job-report.ts";
import {
  codeMarkdown,
  fencedMarkdown,
  foldedMarkdown,
  markdownTable,
  plainMarkdown,
  timelineMarkdown,
} from "../github/markdown.ts";
import type { DeployDocument, DeployedService } from "../move/document.ts";
import { imageOutputs, repositoryOf } from "../move/job.ts";
import { proposedCount } from "../move/show-targets.ts";
import { shortDigest } from "../registry/image.ts";
import { isBrief } from "../report/brief.ts";
import { formatDuration } from "../report/duration.ts";
import type { TargetOutcome } from "../targets/target.ts";
import { withoutUnchanged } from "./show.ts";

/** The job summary of a deployment: images, targets, evidence, and the time of each phase. */
export function presentDeployment(document: DeployDocument): JobReport {
  const { stack, outcome, notBuilt, timeline } = document;
  const { services, targets } = isBrief(document.services.length, false)
    ? withoutUnchanged(document)
    : document;
  const failed = targets.filter(isFailure);
  return {
    stack,
    outputs: { outcome, ...imageOutputs(document.services) },
    summary: [
      `## ${headline(document)}`,
      ...(services.length > 0 ? [imageTable(services)] : []),
      ...(notBuilt.length > 0 ? [`Failed to build: ${notBuilt.map(codeMarkdown).join(", ")}`] : []),
      ...(targets.length > 0 ? [targetTable(targets)] : []),
      ...gatesMarkdown(
        document.releases.flatMap(({ service, gates = [] }) => gates.map((gate) => ({ service, ...gate }))),
      ),
      ...failed.map(showEvidence),
      ...(timeline.length > 0
        ? [
            foldedMarkdown(
              `Where the time went: ${formatDuration(document.milliseconds)}`,
              timelineMarkdown(timeline),
            ),
          ]
        : []),
    ].join("\n\n"),
    problems: failed.map(({ title, outcome, message }) => ({
      code: outcome === "rolled back" ? ("rolled-back" as const) : ("failed" as const),
      where: title,
      message,
    })),
  };
}

function headline({ outcome, stack, services, targets }: DeployDocument): string {
  const on = codeMarkdown(stack);
  const built = services.filter((service) => service.built).length;
  const moved = targets.filter((target) => target.outcome === "done").length;
  switch (outcome) {
    case "superseded":
      return `⏭️ Superseded on ${on}: a newer commit is already deployed, ${moved} of ${targets.length} targets moved`;
    case "proposed":
      return `📬 Proposed on ${on}: ${proposedCount(targets)}; ${moved} of ${targets.length} targets moved`;
    case "nothing":
      return `✅ Nothing to do on ${on}: everything is built and running`;
    case "done":
      return `✅ Deployed to ${on}: ${built} built, ${moved} of ${targets.length} targets moved`;
    case "failed":
      return `❌ Failed on ${on}: ${targets.filter(isFailure).length} of ${targets.length} targets failed`;
    case "interrupted":
      return `⚠️ Interrupted on ${on}: ${moved} of ${targets.length} targets moved; run the command again to finish`;
  }
}

function imageTable(services: readonly DeployedService[]): string {
  const rows = services.map(({ service, built, reference, digest, tags }) => [
    codeMarkdown(service),
    built ? "built" : "built before",
    codeMarkdown(`${repositoryOf(reference)}@${shortDigest(digest)}`),
    tags.map(codeMarkdown).join(" "),
  ]);
  return markdownTable(["Service", "Image", "Digest", "Tags"], rows);
}

const marks = {
  done: "✅",
  unchanged: "➖",
  proposed: "📬",
  failed: "❌",
  "rolled back": "↩️",
  "not started": "⏸️",
  cancelled: "⏹️",
} as const satisfies Record<TargetOutcome["outcome"], string>;

function targetTable(targets: readonly TargetOutcome[]): string {
  const rows = targets.map(({ title, outcome, message, milliseconds }) => [
    codeMarkdown(title),
    `${marks[outcome]} ${outcome}`,
    plainMarkdown(message),
    milliseconds === 0 ? "" : formatDuration(milliseconds),
  ]);
  return markdownTable(["Target", "Outcome", "", "Time"], rows);
}

function isFailure({ outcome }: TargetOutcome): boolean {
  return outcome === "failed" || outcome === "rolled back";
}

function showEvidence({ title, message, evidence }: TargetOutcome): string {
  const lines = [message, ...(evidence ?? [])].flatMap((line) => line.split("\n"));
  return foldedMarkdown(`Why ${plainMarkdown(title)} failed`, fencedMarkdown(lines), true);
}
