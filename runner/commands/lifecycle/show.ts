import prettyBytes from "pretty-bytes";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { LifecycleCostDocument } from "./cost.ts";
import type { Finding, LifecycleLintDocument } from "./lint.ts";

interface Where {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
}

/** The most images or repositories that a text lists; JSON has all. */
export const mostShown = 20;

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
        ? findings.map((finding) =>
            (finding.level === "note" ? colours.dim : String)(`  ${sentenceOf(finding)}`),
          )
        : ["  has no lifecycle policy: everything stays"]),
    ]),
    ...(odd.every(isQuiet) ? ["", colours.green("Nothing odd")] : []),
  ].join("\n");
}

/** Whether there is nothing to do about a repository. */
function isQuiet({ hasPolicy, findings }: LifecycleLintDocument["repositories"][number]): boolean {
  return hasPolicy && findings.every(({ level }) => level === "note");
}

/** A finding in words: `rule 3 (v*) matches no tag that is there` */
export function sentenceOf({ kind, level, priority, what, images }: Finding): string {
  const count = images === 1 ? "1 image" : `${images} images`;
  switch (kind) {
    case "never-matches":
      return level === "note"
        ? `rule ${priority} (${what}) matches no tag yet`
        : `rule ${priority} (${what}) matches no tag that is there`;
    case "shadowed":
      return `rule ${priority} (${what}) ${level === "note" ? "has nothing to act on yet" : "never acts"}: earlier rules decide about all ${count} that it selects`;
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

/** Where the answer is from: the first line of each text. */
export function headOf({ stack, account, region }: Where, { bold }: Colours): string {
  return bold(`Stack ${stack} (account ${account}, ${region})`);
}

/** How many are not listed; nothing if all are. */
export function countMore(count: number, of: string): readonly string[] {
  return count <= 0 ? [] : [`${count.toLocaleString("en")} more ${of} (--output json lists all)`];
}

/** Dollars of a month: `$0.10`, `< $0.01` */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.005) return "< $0.01";
  return `$${amount.toFixed(2)}`;
}
