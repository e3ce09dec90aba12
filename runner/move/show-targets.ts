import type { Colours } from "../report/colours.ts";
import { cut } from "../report/draw.ts";
import { formatDuration } from "../report/duration.ts";
import { formatTable } from "../report/table.ts";
import type { TargetOutcome } from "../targets/target.ts";
import type { DeployDocument } from "./document.ts";

/** Characters of a target's message in the table. */
const messageWidth = 60;

/** A row for each target. */
export function showTargets(targets: readonly TargetOutcome[], colours: Colours): string {
  const { dim } = colours;
  const rows = targets.map((target) => [
    target.title,
    tinted(target.outcome, colours),
    // In full below, with the evidence, where it matters.
    cut(target.message, messageWidth),
    target.milliseconds === 0 ? "" : dim(formatDuration(target.milliseconds)),
  ]);
  return formatTable([["Target", "Outcome", "", "Time"].map(dim), ...rows]);
}

function tinted(outcome: TargetOutcome["outcome"], { green, red, yellow, dim }: Colours): string {
  switch (outcome) {
    case "done":
      return green(outcome);
    case "unchanged":
      return dim(outcome);
    case "failed":
    case "rolled back":
      return red(outcome);
    case "proposed":
    case "not started":
    case "cancelled":
      return yellow(outcome);
  }
}

/** `2 targets wait for the merge of their pull request`, with the pages of the pull requests. */
export function proposedCount(targets: readonly TargetOutcome[]): string {
  const proposed = targets.filter(({ outcome }) => outcome === "proposed");
  const pages = new Set(proposed.flatMap(({ details }) => details?.url ?? []));
  const count = proposed.length === 1 ? "1 target waits" : `${proposed.length} targets wait`;
  return `${count} for the merge of ${[...pages].join(", ")}`;
}

/** Why a target failed, and what to do about it. */
export function showEvidence(
  { title, outcome, message, evidence = [], hint }: TargetOutcome,
  { red, cyan }: Colours,
): string[] {
  if (!["failed", "rolled back", "cancelled"].includes(outcome)) return [];
  return [
    red(`${title}: ${message}`),
    ...evidence.map((line) => `  ${line}`),
    ...(hint === undefined ? [] : [`  ${cyan("hint:")} ${hint}`]),
    "",
  ];
}

/** How long each phase took, on one line. */
export function showTimeline({ timeline }: Pick<DeployDocument, "timeline">, { dim }: Colours): string {
  const phases = timeline.map(({ phase, milliseconds }) => `${phase} ${formatDuration(milliseconds)}`);
  return dim(phases.join("  "));
}
