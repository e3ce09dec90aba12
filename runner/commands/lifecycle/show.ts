import prettyBytes from "pretty-bytes";
import type { LintFinding } from "../../../lifecycle/lint.ts";
import type { Range } from "../../../lifecycle/outlook.ts";
import { readingName } from "../../../lifecycle/reading.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { Comparison } from "./compare.ts";
import type { LifecycleCostDocument } from "./cost.ts";
import type { LifecycleLintDocument } from "./lint.ts";
import type { LifecyclePreviewDocument, PreviewedEntry, PreviewedRepository } from "./preview.ts";

interface Where {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
}

/** The most images of a repository that the text lists; JSON has all. */
const mostShown = 20;

/** The calendar as text. */
export function showPreview(document: LifecyclePreviewDocument, colours: Colours): string {
  const { repositories, missing, blind, coverage, days, prices } = document;
  return [
    headOf(document, colours),
    ...repositories.flatMap((one) => ["", ...showRepository(one, document, colours)]),
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

/** The bill as text. */
export function showCost(document: LifecycleCostDocument, colours: Colours): string {
  const { bold, dim } = colours;
  const { repositories, kinds, bytes, dollarsPerMonth, archive, transfer, prices, blind } = document;
  const largest = repositories.toSorted((one, other) => other.bytes - one.bytes);
  const line = (name: string, count: number, size: number, price: number) => [
    name,
    String(count),
    prettyBytes(size),
    dollars(price),
  ];
  return [
    headOf(document, colours),
    "",
    `${bold("Stored")}: ${prettyBytes(bytes)}, ${dollars(dollarsPerMonth)} a month`,
    formatTable([
      ["What", "Manifests", "Size", "A month"].map((text) => dim(text)),
      ...kinds.map((kind) => line(kind.what, kind.manifests, kind.bytes, kind.dollarsPerMonth)),
    ]),
    "",
    formatTable([
      ["Repository", "Manifests", "Size", "A month"].map((text) => dim(text)),
      ...largest
        .slice(0, mostShown)
        .map((one) => line(one.repository, one.manifests, one.bytes, one.dollarsPerMonth)),
    ]),
    ...countMore(largest.length - mostShown, "repositories").map((text) => dim(text)),
    "",
    archive.bytes === 0
      ? dim("Nothing is in the archive")
      : `Archive: ${prettyBytes(archive.bytes)}, ${dollars(archive.dollarsPerMonth)} a month, ${
          archive.savesDollars > 0 ? `saves ${dollars(archive.savesDollars)}` : "which saves nothing"
        }; to restore it costs ${dollars(archive.restoreDollars)}`,
    `A pull of all in use: free within the region, ${dollars(transfer.toRegionDollars)} to another region, ${dollars(transfer.outDollars)} to the internet`,
    ...blind.map((what) => colours.yellow(`Not seen: ${what}. Images may be in use there`)),
    dim(
      `Layers count once, however many images have them. Prices of ${prices.date}${prices.isExact ? "" : ", not of this region"}, ${prices.source}`,
    ),
  ].join("\n");
}

/** What is odd, as text. */
export function showLint(document: LifecycleLintDocument, colours: Colours): string {
  const odd = document.repositories.filter(({ hasPolicy, findings }) => !hasPolicy || findings.length > 0);
  return [
    headOf(document, colours),
    ...odd.flatMap(({ repository, hasPolicy, findings }) => [
      "",
      colours.bold(repository),
      ...(hasPolicy
        ? findings.map((finding) => `  ${sentenceOf(finding)}`)
        : ["  has no lifecycle policy: everything stays"]),
    ]),
    ...(odd.length === 0 ? ["", colours.green("Nothing odd")] : []),
  ].join("\n");
}

export function sentenceOf({ kind, priority, what, images }: LintFinding): string {
  const count = images === 1 ? "1 image" : `${images} images`;
  switch (kind) {
    case "never-matches":
      return `rule ${priority} (${what}) matches no tag that is there`;
    case "shadowed":
      return `rule ${priority} (${what}) never acts: earlier rules decide about all ${count} that it selects`;
    case "needs-all-tags":
      return `rule ${priority} (${what}) wants all of these tags on one image, and no image has them: make a rule of each`;
    case "no-rule":
      return `no rule selects ${count} (${what}): they stay for ever`;
    case "tagged-without-limit":
      return "no rule limits tagged images: they stay for ever";
    case "untagged-without-limit":
      return "no rule limits untagged images: they stay for ever";
  }
}

function headOf({ stack, account, region }: Where, { bold }: Colours): string {
  return bold(`Stack ${stack} (account ${account}, ${region})`);
}

/** How many are not listed; nothing if all are. */
function countMore(count: number, of: string): readonly string[] {
  return count <= 0 ? [] : [`${count.toLocaleString("en")} more ${of} (--output json lists all)`];
}

/** Dollars of a month: `$0.10`, `< $0.01` */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.005) return "< $0.01";
  return `$${amount.toFixed(2)}`;
}
