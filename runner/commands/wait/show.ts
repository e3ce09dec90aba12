import { showEvidence, showTargets } from "../../move/show-targets.ts";
import type { Colours } from "../../report/colours.ts";
import { formatDuration } from "../../report/duration.ts";
import type { WaitDocument } from "./document.ts";

/** The outcome of the deployments that `slipway wait` followed, as text. */
export function showWait(document: WaitDocument, colours: Colours): string {
  const { targets } = document;
  return [
    ...(targets.length > 0 ? [showTargets(targets, colours), ""] : []),
    ...targets.flatMap((target) => showEvidence(target, colours)),
    `${headline(document, colours)} ${colours.dim(`(${formatDuration(document.milliseconds)})`)}`,
  ].join("\n");
}

function headline({ outcome, stack, targets }: WaitDocument, { bold, green, red, yellow }: Colours): string {
  const waited = targets.filter((target) => target.outcome !== "unchanged");
  const well = waited.filter((target) => target.outcome === "done").length;
  switch (outcome) {
    case "nothing":
      return bold(`No deployment is in progress on ${stack}.`);
    case "done":
      return bold(green(`All deployments on ${stack} succeeded: ${well} of ${waited.length}.`));
    case "proposed":
    case "superseded":
    case "failed":
      return bold(red(`Failed on ${stack}: ${waited.length - well} of ${waited.length} deployments.`));
    case "interrupted":
      return bold(yellow(`Interrupted on ${stack}: deployments in progress continue by themselves.`));
  }
}
