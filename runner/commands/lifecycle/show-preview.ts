import prettyBytes from "pretty-bytes";
import type { Range } from "../../../lifecycle/outlook.ts";
import { readingName } from "../../../lifecycle/reading.ts";
import { shortDigest } from "../../registry/image.ts";
import { isBrief } from "../../report/brief.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { Comparison } from "./compare.ts";
import type { LifecyclePreviewDocument, PreviewedEntry, PreviewedRepository } from "./preview.ts";
import { countMore, dollars, headOf, mostShown } from "./show.ts";

/**
 * The calendar as text. Of many repositories, one table for all, and in full those from which something would go that is
 * needed.
 *
 * @param verbose whether to show each repository in full, however many there are
 */
export function showPreview(document: LifecyclePreviewDocument, colours: Colours, verbose = false): string {
  const { repositories, missing, blind, coverage, days, prices } = document;
  const isShort = isBrief(repositories.length, verbose);
  const full = isShort ? repositories.filter(hasConflict) : repositories;
  return [
    headOf(document, colours),
    ...(isShort ? ["", ...showAll(document, colours)] : []),
    ...full.flatMap((one) => ["", ...showRepository(one, document, colours)]),
    ...(missing.length === 0 ? [] : ["", colours.dim(`Not created yet: ${missing.join(", ")}`)]),
    ...blind.map((what) => colours.yellow(`Not seen: ${what}. Images may be in use there`)),
    "",
    colours.dim(`In use, as far as was looked: ${coverage.lookedAt.join(", ")}`),
    colours.dim(`Not looked at: ${coverage.notLookedAt.join("; ")}`),
    colours.dim(
      `${days} days ahead; prices of ${prices.date}${prices.isExact ? "" : ", not of this region"}, ${prices.source}`,
    ),
  ].join("\n");
}

function hasConflict({ calendar, withPushes }: PreviewedRepository): boolean {
  return [calendar, withPushes].some((entries) => entries.some(({ uses }) => uses.length > 0));
}

/** A line for each repository from which something goes, those that free the most first. */
function showAll(
  { repositories, at, days }: LifecyclePreviewDocument,
  { bold, dim }: Colours,
): readonly string[] {
  const going = repositories
    .filter(({ calendar }) => calendar.length > 0)
    .toSorted((one, other) => other.freedBytes - one.freedBytes);
  const freed = going.reduce((sum, { freedBytes }) => sum + freedBytes, 0);
  const saved = going.reduce((sum, { savedDollars }) => sum + savedDollars, 0);
  const count = repositories.length.toLocaleString("en");
  return [
    `${bold(`${count} repositories`)}: something goes from ${going.length.toLocaleString("en")} of them within ${days} days, which frees ${prettyBytes(freed)}, ${dollars(saved)} a month`,
    formatTable([
      ["Repository", "Goes", "Manifests", "First", "Frees", "A month"].map((text) => dim(text)),
      ...going
        .slice(0, mostShown)
        .map(({ repository, calendar: [first, ...rest], images, freedBytes, savedDollars }) => [
          repository,
          String(rest.length + 1),
          String(images),
          first === undefined ? "" : dateText(first.first, first.first, at),
          prettyBytes(freedBytes),
          dollars(savedDollars),
        ]),
    ]),
    ...countMore(going.length - mostShown, "repositories").map((text) => dim(text)),
    dim("Name services, or add --verbose, to see their images."),
  ];
}

function showRepository(
  one: PreviewedRepository,
  { at, days }: LifecyclePreviewDocument,
  colours: Colours,
): readonly string[] {
  const { bold, dim } = colours;
  const title = `${bold(one.repository)}: ${one.images} manifests`;
  if (one.policy === "none") return [`${title}, no lifecycle policy: everything stays`];
  const archive =
    one.archiveSavesDollars === undefined
      ? []
      : [
          one.archiveSavesDollars > 0
            ? `The archive saves ${dollars(one.archiveSavesDollars)} a month, before restorations`
            : "The archive saves nothing at this size: it costs as much as the standard storage class",
        ];
  return [
    `${title}, ${one.policy} policy`,
    ...showRules(one, colours),
    ...(one.calendar.length === 0
      ? [dim(`Nothing goes within ${days} days if nothing is pushed`)]
      : [
          `If nothing is pushed: ${prettyBytes(one.freedBytes)} freed, ${dollars(one.savedDollars)} a month`,
          ...showEntries(one.calendar, at, colours),
        ]),
    ...(one.withPushes.length === 0
      ? []
      : ["If pushes go on as assumed, as well:", ...showEntries(one.withPushes, at, colours)]),
    ...archive,
    ...(one.comparison === undefined ? [] : showComparison(one.comparison)),
  ];
}

function showRules({ rules }: PreviewedRepository, { dim }: Colours): readonly string[] {
  const acting = rules.filter(({ decides }) => decides.most > 0);
  if (acting.length === 0) return [];
  return [
    formatTable([
      ["Rule", "Decides", "Takes", "Keeps", ""].map((text) => dim(text)),
      ...acting.map(({ priority, decides, takes, keeps, description }) => [
        String(priority),
        rangeText(decides),
        rangeText(takes),
        rangeText(keeps),
        description,
      ]),
    ]),
  ];
}

/** `20`, `20 to 60` */
function rangeText({ least, most }: Range): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

function showEntries(entries: readonly PreviewedEntry[], now: Date, colours: Colours): readonly string[] {
  const needed = entries.filter(({ uses }) => uses.length > 0);
  const others = entries.filter(({ uses }) => uses.length === 0);
  const shown = [...needed, ...others.slice(0, Math.max(0, mostShown - needed.length))];
  return [
    formatTable([
      ["Date", "Image", "Age", "Rule", "Frees", "A month", "Tags", "In use by"].map((text) =>
        colours.dim(text),
      ),
      ...shown.map((entry) => row(entry, now, colours)),
    ]),
    ...countMore(entries.length - shown.length, "images").map((text) => colours.dim(text)),
  ];
}

function row(entry: PreviewedEntry, now: Date, { red }: Colours): string[] {
  const { digest, tags, pushedAt, first, last, action, priorities, parts, freedBytes, uses } = entry;
  return [
    `${dateText(first, last, now)}${action === "archive" ? ", to the archive" : ""}`,
    `${shortDigest(digest)}${parts === 0 ? "" : ` +${parts}`}`,
    formatAge(now.getTime() - pushedAt.getTime()),
    priorities.join(", "),
    prettyBytes(freedBytes),
    dollars(entry.dollarsPerMonth),
    tags.join("\n"),
    uses.map(({ where, why }) => red(`${where} (${why})`)).join("\n"),
  ];
}

/** `next run`, `2026-12-04`, `2026-12-04 or never` */
function dateText(first: Date, last: Date | undefined, now: Date): string {
  const text = (date: Date) => (date <= now ? "next run" : date.toISOString().slice(0, 10));
  if (last === undefined) return `${text(first)} or later`;
  return text(first) === text(last) ? text(first) : `${text(first)} to ${text(last)}`;
}

function showComparison({ aws, agreeing, differences }: Comparison): readonly string[] {
  const head = `ECR's own preview takes ${aws} manifests`;
  if (agreeing.length > 0) {
    return [`${head}: the same, when ${agreeing.map(readingName).join("; or when ")}`];
  }
  const list = (digests: readonly string[]) =>
    digests.length === 0 ? "none" : digests.map(shortDigest).join(", ");
  return [
    `${head}, which no reading of the rules explains. The nearest differs:`,
    ...differences.map(
      ({ priority, onlyAws, onlySlipway }) =>
        `  rule ${priority}: only ECR ${list(onlyAws)}; only Slipway ${list(onlySlipway)}`,
    ),
  ];
}
