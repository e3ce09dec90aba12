import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatDuration } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { HistoryDocument } from "./history.ts";

/** The releases of services, as text. */
export function showHistory(document: HistoryDocument, colours: Colours, now: Date): string {
  const { bold, dim, green, red, yellow } = colours;
  const tints = {
    done: green,
    found: dim,
    proposed: yellow,
    failed: red,
    "rolled back": red,
    cancelled: yellow,
  };
  const marks = { yes: green("▶"), partly: yellow("▷"), no: " " };
  const parts = document.services.map(({ service, releases, more }) => {
    if (releases.length === 0) return `${bold(service)}\n${dim("  no releases are recorded")}`;
    const rows = releases.map((release) => [
      `${marks[release.running]} ${release.id}`,
      dim(`${formatDuration(now.getTime() - Date.parse(release.at))} ago`),
      [
        tints[release.outcome](release.outcome),
        ...(release.overridden ?? []).map((gate) => yellow(`${gate} overridden`)),
      ].join(", "),
      release.backTo === undefined ? release.command : `rollback to ${release.backTo}`,
      shortDigest(release.image),
      dim(release.commit?.slice(0, 7) ?? ""),
      dim(release.tags.join(", ")),
    ]);
    const head = ["  Release", "When", "Outcome", "By", "Image", "Commit", "Tags"].map(dim);
    return [
      bold(service),
      formatTable([head, ...rows]),
      ...(more > 0 ? [dim(`  and ${more} earlier (--limit)`)] : []),
    ].join("\n");
  });
  const title = `Releases on stack ${document.stack} (account ${document.account}, ${document.region})`;
  return [bold(title), "", parts.join("\n\n")].join("\n");
}
