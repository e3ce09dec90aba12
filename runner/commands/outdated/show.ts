import type { OutdatedDocument, OutdatedService } from "../../build/outdated.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";

/** The services with base images that moved first, then those of which nothing is known; the rest is counted. */
export function showOutdated(document: OutdatedDocument, colours: Colours): string {
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
    ...hintsOf(outdated),
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

function hintsOf(outdated: readonly OutdatedService[]): string[] {
  const hasMoved = outdated.some(({ moved }) => moved.length > 0);
  const hasPinned = outdated.some(({ pinned }) => pinned.length > 0);
  return [
    ...(hasMoved
      ? ["A base image that moved does not change the source: change salt in services.yaml to rebuild."]
      : []),
    ...(hasPinned ? ["A digest in a Dockerfile stays until somebody replaces it there."] : []),
  ];
}
