import prettyBytes from "pretty-bytes";
import { codeMarkdown, foldedMarkdown, markdownTable, plainMarkdown } from "../../github/markdown.ts";
import { withoutAccounts } from "../../github/present.ts";
import { shortDigest } from "../../registry/image.ts";
import type { LifecycleReportDocument } from "./report.ts";
import { dollars, sentenceOf } from "./show.ts";

/** The most lines of a table; the JSON document has all. */
const mostShown = 50;

const sureText: Readonly<Record<string, string>> = {
  runs: "run",
  starts: "may be started at any time",
  tag: "are named by a tag that may move",
  reported: "are reported as in use",
  returns: "are kept for going back",
};

/** The report in GitHub's Markdown, for a job summary and an issue: what to do first, then tables. No account ids. */
export function reportMarkdown(document: LifecycleReportDocument): string {
  const { stack, account, region, outcome, at, conflicts, lint, outdated, coverage } = document;
  const refused = coverage.searched.filter((one) => one.refused !== undefined);
  const lines = [
    `## ${outcome === "nothing" ? "✅ Nothing to do" : "⚠️ Something to look at"}: images of ${plainMarkdown(stack)}`,
    `${region}, ${at.toISOString().slice(0, 10)}`,
    ...section(
      "Needed, and about to go",
      conflicts,
      ["Image", "Tags", "Date", "Rule", "Needed by"],
      (one) => [
        codeMarkdown(`${one.repository}@${shortDigest(one.digest)}`),
        plainMarkdown(one.tags.join(", ")),
        one.first <= at ? "next run" : one.first.toISOString().slice(0, 10),
        one.priorities.join(", "),
        plainMarkdown(one.uses.map(({ where, why }) => `${where} (${why})`).join("; ")),
      ],
    ),
    ...section(
      "Rules that do not do what they say",
      findingsOf(lint, "warning"),
      ["Repository", "What"],
      ({ repository, finding }) => [codeMarkdown(repository), plainMarkdown(sentenceOf(finding))],
    ),
    ...section("Base images that have moved", outdated, ["Service", "Base images"], (one) => [
      codeMarkdown(one.service),
      [...one.moved, ...one.pinned]
        .map(
          ({ reference, from, to }) =>
            `${codeMarkdown(reference)} ${codeMarkdown(shortDigest(from))} → ${codeMarkdown(shortDigest(to))}`,
        )
        .join("<br>"),
    ]),
    ...section("Not seen: images may be in use there", refused, ["Where", "Why"], (one) => [
      plainMarkdown(one.what),
      plainMarkdown(one.refused ?? ""),
    ]),
    ...section(
      "Rules of the preset with nothing to do yet",
      findingsOf(lint, "note"),
      ["Repository", "What"],
      ({ repository, finding }) => [codeMarkdown(repository), plainMarkdown(sentenceOf(finding))],
    ),
    ...costAndCalendar(document),
    foldedMarkdown(
      "Where images in use were looked for",
      [
        ...coverage.lookedAt.map((what) => `- ${plainMarkdown(what)}`),
        "",
        "Not looked at:",
        "",
        ...coverage.notLookedAt.map((what) => `- ${plainMarkdown(what)}`),
      ].join("\n"),
    ),
  ];
  const text = withoutAccounts(lines.join("\n\n"));
  return account === "" ? text : text.replaceAll(account, "ACCOUNT");
}

/** The findings of a level, each with its repository. */
function findingsOf(lint: LifecycleReportDocument["lint"], wanted: "warning" | "note") {
  return lint.flatMap(({ repository, findings }) =>
    findings.filter(({ level }) => level === wanted).map((finding) => ({ repository, finding })),
  );
}

function costAndCalendar({
  cost,
  repositories,
  inUse,
  days,
  at,
  outdatedUnknown,
}: LifecycleReportDocument): readonly string[] {
  const going = repositories.filter(({ goes }) => goes > 0);
  const kinds = cost.kinds.map(({ what, manifests, bytes, dollarsPerMonth }) => [
    what,
    String(manifests),
    prettyBytes(bytes),
    dollars(dollarsPerMonth),
  ]);
  const total = ["**all**", "", `**${prettyBytes(cost.bytes)}**`, `**${dollars(cost.dollarsPerMonth)}**`];
  const counts = Object.entries(inUse).map(([how, count]) => `${count} ${sureText[how] ?? how}`);
  return [
    "### Cost",
    markdownTable(["What", "Manifests", "Size", "A month"], [...kinds, total]),
    `Images in use: ${counts.length === 0 ? "none" : counts.join(", ")}.`,
    ...section(
      `What goes within ${days} days`,
      going,
      ["Repository", "Policy", "Images", "First", "Frees", "Saves a month"],
      (one) => [
        codeMarkdown(one.repository),
        one.policy,
        `${one.goes}, of ${one.manifests} manifests`,
        one.first === undefined || one.first <= at ? "next run" : one.first.toISOString().slice(0, 10),
        prettyBytes(one.freedBytes),
        dollars(one.savedDollars),
      ],
    ),
    ...(outdatedUnknown === undefined
      ? []
      : [`Base images could not be compared: ${plainMarkdown(outdatedUnknown)}`]),
  ];
}

/** A heading and a table; nothing when there are no rows. */
function section<Row>(
  title: string,
  rows: readonly Row[],
  head: readonly string[],
  cells: (row: Row) => readonly string[],
): readonly string[] {
  if (rows.length === 0) return [];
  const more = rows.length - mostShown;
  return [
    `### ${title}`,
    markdownTable(head, rows.slice(0, mostShown).map(cells)),
    ...(more > 0 ? [`${more.toLocaleString("en")} more are not listed.`] : []),
  ];
}
