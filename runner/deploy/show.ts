import type { DeployDocument } from "../move/document.ts";
import { proposedCount, showEvidence, showTargets, showTimeline } from "../move/show-targets.ts";
import { shortDigest } from "../registry/image.ts";
import { isBrief } from "../report/brief.ts";
import type { Colours } from "../report/colours.ts";
import { formatDuration } from "../report/duration.ts";
import { formatTable } from "../report/table.ts";
import type { TargetOutcome } from "../targets/target.ts";

/**
 * The text of a deployment's outcome: targets, evidence, and the time of each phase. Of many, only the images
 * that were built and the targets that did not stay as they were; the last line has the counts.
 */
export function showOutcome(whole: DeployDocument, colours: Colours, verbose = false): string {
  const document = isBrief(whole.services.length, verbose) ? withoutUnchanged(whole) : whole;
  const { bold, dim } = colours;
  const time = formatDuration(document.milliseconds);
  if (document.outcome === "nothing") {
    return `${bold("Nothing to do")}: everything is built and running. ${dim(`(${time})`)}`;
  }
  const parts = [
    ...showImages(document, colours),
    ...(document.targets.length > 0 ? [showTargets(document.targets, colours), ""] : []),
    ...document.targets.flatMap((target) => showEvidence(target, colours)),
    showTimeline(document, colours),
    `${headline(whole, colours)} ${dim(`(${time})`)}`,
  ];
  return parts.join("\n");
}

/** A deployment without the images that were there and the targets that stay as they were. */
export function withoutUnchanged(document: DeployDocument): DeployDocument {
  return {
    ...document,
    services: document.services.filter(({ built }) => built),
    targets: document.targets.filter(({ outcome }) => outcome !== "unchanged"),
  };
}

function showImages({ services }: DeployDocument, { dim }: Colours): string[] {
  if (services.length === 0) return [];
  const rows = services.map(({ service, built, digest, tags }) => [
    service,
    built ? "built" : dim("built before"),
    shortDigest(digest),
    dim(tags.join(", ")),
  ]);
  return [formatTable([["Service", "Image", "Digest", "Tags"].map(dim), ...rows]), ""];
}

function headline({ outcome, targets, services, notBuilt, stack }: DeployDocument, colours: Colours): string {
  const { bold, green, red, yellow } = colours;
  const built = services.filter((service) => service.built).length;
  const count = (...outcomes: readonly TargetOutcome["outcome"][]) =>
    targets.filter((target) => outcomes.includes(target.outcome)).length;
  switch (outcome) {
    case "nothing":
    case "done":
      return bold(
        green(`Deployed to ${stack}: ${built} built, ${count("done")} of ${targets.length} targets moved`),
      );
    case "failed": {
      const parts = (["failed", "rolled back", "not started", "cancelled"] as const).flatMap((one) =>
        count(one) > 0 ? [`${count(one)} ${one}`] : [],
      );
      return bold(red(`Failed on ${stack}: of ${targets.length} targets ${parts.join(", ")}`));
    }
    case "proposed":
      return bold(
        yellow(
          `Proposed on ${stack}: ${built} built, ${proposedCount(targets)}; ${count("done")} of ${targets.length} targets moved`,
        ),
      );
    case "superseded":
      return bold(
        yellow(
          `Superseded on ${stack}: a newer commit is already deployed; ${count("done")} of ${targets.length} targets moved`,
        ),
      );
    case "interrupted": {
      const notMoved = count("not started", "cancelled");
      const parts = [
        ...(notBuilt.length > 0 ? [`failed to build: ${notBuilt.join(", ")}`] : []),
        `${count("done")} of ${targets.length} targets moved${notMoved > 0 ? `, ${notMoved} not` : ""}`,
        ...(count("rolled back") > 0 ? [`${count("rolled back")} rolled back`] : []),
      ];
      return bold(yellow(`Interrupted on ${stack}: ${parts.join("; ")}. Run the command again to finish.`));
    }
  }
}
