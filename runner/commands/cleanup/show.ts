import prettyBytes from "pretty-bytes";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { CleanupAppliedDocument } from "./apply.ts";
import type { CleanupPlanDocument } from "./plan-file.ts";
import type { CleanupUndoneDocument } from "./undo.ts";

/** The most lines of a table; JSON has all. */
const mostShown = 40;

/** A plan as text. */
export function showPlan(plan: CleanupPlanDocument, file: string | undefined, colours: Colours): string {
  const { bold, dim, yellow } = colours;
  const { removals, repositories, kept, withoutService, missing, blind } = plan;
  const kinds = Map.groupBy(removals, ({ kind }) => kind);
  return [
    headOf(plan, colours),
    removals.length === 0 && repositories.length === 0
      ? "Nothing to delete"
      : `${bold(`${removals.length} manifests would go, which frees ${prettyBytes(plan.freedBytes)}`)}: ${[...kinds].map(([kind, some]) => `${some.length} ${kind}`).join(", ")}`,
    ...removalTable(plan, colours),
    ...repositories.map((name) => `The repository ${bold(name)} would go as well`),
    ...keptTable(plan, colours),
    ...blind.map((what) => yellow(`Not seen: ${what}`)),
    ...(missing.length === 0 ? [] : [dim(`Not created yet: ${missing.join(", ")}`)]),
    ...(withoutService.length === 0
      ? []
      : [
          dim(
            `No service has these repositories; --removed-repositories deletes those it names: ${withoutService.join(", ")}`,
          ),
        ]),
    dim(`In use, as far as was looked: ${plan.lookedAt.join(", ")}`),
    ...(plan.notLookedAt.length === 0
      ? []
      : [
          dim(
            `Not looked at: ${plan.notLookedAt.join("; ")}. ${plan.policy.despiteBlindSpots ? "You accepted that an image may run there" : "What was ever pulled stays for that reason, unless you pass --despite-blind-spots"}`,
          ),
        ]),
    ...(removals.length === 0 && repositories.length === 0
      ? []
      : [
          file === undefined
            ? dim("Nothing was deleted. To do it, write the plan with --out FILE, and apply that")
            : `Within an hour: slipway cleanup apply ${file}`,
        ]),
    ...(kept.length > mostShown ? [dim("--output json lists all")] : []),
  ].join("\n");
}

function removalTable({ removals, at }: CleanupPlanDocument, { dim }: Colours): readonly string[] {
  if (removals.length === 0) return [];
  return [
    formatTable([
      ["Repository", "Image", "Kind", "Age", "Frees", "Tags", "Why"].map((text) => dim(text)),
      ...removals
        .slice(0, mostShown)
        .map(({ repository, digest, kind, pushedAt, freedBytes, tags, reason }) => [
          repository,
          shortDigest(digest),
          kind,
          formatAge(Date.parse(at) - Date.parse(pushedAt)),
          prettyBytes(freedBytes),
          tags.join("\n"),
          shortened(reason),
        ]),
    ]),
    ...more(removals.length, dim),
  ];
}

function keptTable({ kept }: CleanupPlanDocument, { dim }: Colours): readonly string[] {
  if (kept.length === 0) return [];
  const byReason = Map.groupBy(kept, ({ kind, reason }) => `${kind}\n${shortened(reason)}`);
  return [
    dim("Of the selected kinds, these stay:"),
    formatTable(
      [...byReason].slice(0, mostShown).map(([key, some]) => {
        const [kind = "", reason = ""] = key.split("\n");
        const named = some.slice(0, 3).map(({ digest, tags }) => tags[0] ?? shortDigest(digest));
        const names = `${named.join(", ")}${some.length > named.length ? ", …" : ""}`;
        return [String(some.length), kind, names, reason].map((text) => dim(text));
      }),
    ),
  ];
}

/** What was deleted, as text. */
export function showApplied(document: CleanupAppliedDocument, colours: Colours): string {
  const { deleted, repositories, failed, skipped, notBegun, undo, freedBytes } = document;
  const { bold, red, yellow } = colours;
  return [
    headOf(document, colours),
    deleted.length === 0
      ? "Nothing was deleted"
      : bold(`Deleted ${deleted.length} manifests, which frees ${prettyBytes(freedBytes)}`),
    ...repositories.map((name) => `Deleted the repository ${name}`),
    ...skipped.map((one) => yellow(`Left alone: ${nameOf(one)}: ${shortened(one.reason)}`)),
    ...failed.map((one) => red(`Not deleted: ${nameOf(one)}: ${one.code}: ${one.message}`)),
    ...(notBegun === 0
      ? []
      : [yellow(`Interrupted: ${notBegun} manifests were not touched. Apply the same plan again to go on`)]),
    ...(undo === undefined ? [] : [`To bring it back: slipway cleanup undo ${undo}`]),
  ].join("\n");
}

/** What was restored, as text. */
export function showUndone(document: CleanupUndoneDocument, colours: Colours): string {
  const { restored, present, tags, notRestored, notBegun } = document;
  const { bold, dim, red, yellow } = colours;
  return [
    headOf(document, colours),
    bold(`Restored ${restored.length} manifests and ${tags.length} tags`),
    ...(present === 0 ? [] : [dim(`${present} manifests were there already`)]),
    ...notRestored.map((one) =>
      red(
        `Not restored: ${one.repository}${one.tag === undefined ? "" : `:${one.tag}`}@${shortDigest(one.digest)}: ${one.code}: ${one.message}`,
      ),
    ),
    ...(notBegun === 0
      ? []
      : [yellow(`Interrupted: ${notBegun} manifests were not touched. Run undo again`)]),
  ].join("\n");
}

function headOf(
  { stack, account, region }: { readonly stack: string; readonly account: string; readonly region: string },
  { dim }: Colours,
): string {
  return dim(`${stack}, account ${account}, ${region}`);
}

function nameOf({ repository, digest }: { readonly repository: string; readonly digest: string }): string {
  return digest === "" ? repository : `${repository}@${shortDigest(digest)}`;
}

/** A text with short digests. */
function shortened(text: string): string {
  return text.replaceAll(/sha256:[0-9a-f]{64}/g, shortDigest);
}

function more(count: number, dim: (text: string) => string): readonly string[] {
  return count > mostShown ? [dim(`and ${count - mostShown} more`)] : [];
}
