import type { OutdatedService } from "../../bases/outdated.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { Rebuilt, RebuiltDocument } from "./document.ts";
import { skippedText } from "./select.ts";

/** The services with base images that moved first, then those of which nothing is known; the rest is counted. */
export function showOutdated(document: RebuiltDocument, colours: Colours): string {
  const { bold, dim } = colours;
  const { services, stack, account, region } = document;
  const outdated = services.filter(isOutdated);
  const unknown = services.filter((one) => !isOutdated(one) && (one.reason ?? one.unknown[0]) !== undefined);
  const current = services.length - outdated.length - unknown.length;
  return [
    bold(`Stack ${stack} (account ${account}, ${region})`),
    "",
    ...outdated.flatMap((one) => [...linesOf(one, colours), ""]),
    ...unknown.map((one) => dim(`${one.service}: ${reasonOf(one)}`)),
    ...(unknown.length > 0 ? [""] : []),
    bold(verdictOf(outdated.length, current, unknown.length)),
    ...hintsOf(outdated, document.rebuild !== undefined),
    ...(document.rebuild === undefined ? [] : rebuildLines(document.rebuild, colours)),
  ].join("\n");
}

function isOutdated({ moved, pinned }: OutdatedService): boolean {
  return moved.length + pinned.length > 0;
}

function linesOf(
  { service, digest = "", moved, pinned }: OutdatedService,
  { bold, yellow }: Colours,
): string[] {
  const rows = [
    ...moved.map((one) => ({ ...one, what: "moved since the build" })),
    ...pinned.map((one) => ({ ...one, what: "newer than the digest in the Dockerfile" })),
  ].map(({ reference, from, to, what }) => [
    `  ${yellow("↑")}`,
    reference,
    `${shortDigest(from)} → ${shortDigest(to)}`,
    what,
  ]);
  return [bold(`${service} (${shortDigest(digest)})`), formatTable(rows)];
}

function reasonOf({ reason, unknown }: OutdatedService): string {
  return reason ?? `can't compare ${unknown.join(", ")}`;
}

function verdictOf(outdated: number, current: number, unknown: number): string {
  const counts = [
    ...(current > 0 ? [`${current} current`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ];
  if (outdated === 0)
    return counts.length === 0 ? "No services." : `No base image moved: ${counts.join(", ")}.`;
  return [`${outdated} with newer base images`, ...counts].join(", ");
}

function rebuildLines({ services, skipped }: Rebuilt, { bold, yellow }: Colours): string[] {
  return [
    "",
    bold(services.length === 0 ? "Nothing to build again." : `Built again: ${services.join(", ")}`),
    ...skipped.map((one) => yellow(`Not built: ${skippedText(one)}`)),
  ];
}

function hintsOf(outdated: readonly OutdatedService[], isRebuilt: boolean): string[] {
  const hasMoved = outdated.some(({ moved }) => moved.length > 0);
  const hasPinned = outdated.some(({ pinned }) => pinned.length > 0);
  return [
    ...(hasMoved && !isRebuilt
      ? [
          "A base image that moved does not change the source: slipway outdated --rebuild builds these services again.",
        ]
      : []),
    ...(hasPinned ? ["A digest in a Dockerfile stays until somebody replaces it there."] : []),
  ];
}
