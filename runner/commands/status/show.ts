import { shortReference } from "../../registry/image.ts";
import { countOfOthers, isBrief } from "../../report/brief.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { StatusDocument } from "./document.ts";

export interface ShowStatus {
  readonly now: Date;
  /** Whether to list every target, however many there are. Default: false. */
  readonly verbose?: boolean;
}

/**
 * The status of a stack, as text. Of many targets, the summary comes first, and those that are healthy and run
 * the local source are counted.
 */
export function showStatus(
  document: StatusDocument,
  colours: Colours,
  { now, verbose = false }: ShowStatus,
): string {
  const { bold, dim, green, yellow, red } = colours;
  const health = { healthy: green, updating: yellow, unhealthy: red, missing: red };
  const source = { current: green, behind: yellow, "not built": yellow };
  const { targets, withoutTargets } = document;
  const brief = isBrief(targets.length, verbose);
  const telling = brief
    ? targets.filter((one) => one.health !== "healthy" || one.source !== "current")
    : targets;
  const rows = telling.map((target) => [
    target.sidecar === undefined
      ? target.title
      : `${target.title} ${dim(`(${target.service} in ${target.sidecar})`)}`,
    health[target.health](target.health),
    target.message,
    source[target.source](target.source),
    target.commit?.slice(0, 7) ?? "",
    dim(shortReference(target.running ?? "")),
    dim(target.since === undefined ? "" : `${formatAge(now.getTime() - target.since.getTime())} ago`),
  ]);
  const head = `Stack ${document.stack} (account ${document.account}, ${document.region})`;
  return [
    bold(head),
    ...(brief ? [summary(targets), ""] : []),
    ...(rows.length > 0
      ? [
          formatTable([
            ["Target", "Health", "", "Source", "Commit", "Runs", "Since"].map((text) => dim(text)),
            ...rows,
          ]),
        ]
      : []),
    ...(brief
      ? [
          ...countOfOthers(targets.length - telling.length, "target", "targets", "healthy and current"),
          ...countOfOthers(withoutTargets.length, "service", "services", "without targets"),
        ].map(dim)
      : withoutTargets.map((service) => dim(`${service}: no targets`))),
  ].join("\n");
}

/** `1,000 targets: 997 healthy, 3 updating; 990 current, 10 behind` */
function summary(targets: StatusDocument["targets"]): string {
  const counts = (of: (target: StatusDocument["targets"][number]) => string) =>
    [...Map.groupBy(targets, of)].map(([state, some]) => `${some.length} ${state}`).join(", ");
  const health = counts(({ health }) => health);
  return `${targets.length.toLocaleString("en")} targets: ${health}; ${counts(({ source }) => source)}`;
}
