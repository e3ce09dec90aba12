import type { DeployDocument } from "../../move/document.ts";
import { showEvidence, showTargets, showTimeline } from "../../move/show-targets.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatDuration } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { TargetOutcome } from "../../targets/target.ts";

/** The text of a deployment's outcome: targets, evidence, and the time of each phase. */
export function showOutcome(document: DeployDocument, colours: Colours): string {
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
    `${headline(document, colours)} ${dim(`(${time})`)}`,
  ];
  return parts.join("\n");
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
