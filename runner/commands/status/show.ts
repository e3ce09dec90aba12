import { shortReference } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { StatusDocument } from "./document.ts";

/** The status of a stack, as text. */
export function showStatus(document: StatusDocument, colours: Colours, now: Date): string {
  const { bold, dim, green, yellow, red } = colours;
  const health = { healthy: green, updating: yellow, unhealthy: red, missing: red };
  const source = { current: green, behind: yellow, "not built": yellow };
  const rows = document.targets.map((target) => [
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
    ...(rows.length > 0
      ? [
          formatTable([
            ["Target", "Health", "", "Source", "Commit", "Runs", "Since"].map((text) => dim(text)),
            ...rows,
          ]),
        ]
      : []),
    ...document.withoutTargets.map((service) => dim(`${service}: no targets`)),
  ].join("\n");
}
