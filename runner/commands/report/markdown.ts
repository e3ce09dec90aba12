import { codeMarkdown, markdownTable, plainMarkdown } from "../../github/markdown.ts";
import { shortDigest } from "../../registry/image.ts";
import type { ValidatedRelease, ValidationCheck, ValidationDocument } from "./document.ts";

const headlines = {
  passed: "✅ Everything that was checked passed",
  exceptions: "⚠️ Passed with exceptions",
  failed: "❌ A check failed",
  "nothing checked": "➖ Nothing was checked",
} as const satisfies Record<ValidationDocument["outcome"], string>;

const marks = {
  passed: "✅",
  failed: "❌",
  overridden: "⚠️",
  undecided: "❔",
  noted: "ℹ️",
} as const satisfies Record<ValidationCheck["verdict"], string>;

/** The report as a page in Markdown. */
export function validationMarkdown(document: ValidationDocument): string {
  const { stack, account, region, readAt, outcome, releases, withoutRelease } = document;
  return [
    "# Validation report",
    [
      `**${headlines[outcome]}**`,
      "",
      `Stack ${codeMarkdown(stack)} in account ${account}, ${region}. Records and registry were read on ${readAt}; nothing was run again.`,
    ].join("\n"),
    ...releases.flatMap(section),
    ...(withoutRelease.length === 0
      ? []
      : [
          "## Without a release",
          withoutRelease
            .map(({ service, reason }) => `- ${codeMarkdown(service)}: ${plainMarkdown(reason)}`)
            .join("\n"),
        ]),
  ].join("\n\n");
}

function section(one: ValidatedRelease): string[] {
  const { service, outcome, checks, notChecked } = one;
  const repeats = repeated(checks);
  return [
    `## ${plainMarkdown(service)}`,
    `**${headlines[outcome]}**: ${countsText(checks)}${notChecked.length === 0 ? "" : `, ${notChecked.length} not checked`}.`,
    factsTable(one),
    ...(checks.length === 0
      ? []
      : [
          markdownTable(
            ["Check", "Of", "Verdict", "When", "Evidence", "Repeat"],
            checks.map((check) => row(check, repeats)),
          ),
        ]),
    ...(notChecked.length === 0
      ? []
      : [
          "### Not checked",
          notChecked
            .map(({ check, reason }) => `- ${plainMarkdown(check)}: ${plainMarkdown(reason)}`)
            .join("\n"),
        ]),
    ...(repeats.length === 0
      ? []
      : [
          "### Commands",
          repeats.map((command, index) => `${index + 1}. ${codeMarkdown(command)}`).join("\n"),
        ]),
  ];
}

function countsText(checks: readonly ValidationCheck[]): string {
  const counts = (Object.keys(marks) as ValidationCheck["verdict"][]).flatMap((verdict) => {
    const some = checks.filter((check) => check.verdict === verdict).length;
    return some === 0 ? [] : [`${some} ${verdict}`];
  });
  return counts.length === 0 ? "no checks" : counts.join(", ");
}

function factsTable({ repository, release, record }: ValidatedRelease): string {
  const { id, command, outcome, startedAt, finishedAt, source, image, by, slipway, backTo, origin } = release;
  const commit = source.commit === undefined ? "not known" : codeMarkdown(source.commit);
  const dirty = source.dirty === true ? ", with uncommitted changes" : "";
  const rows: readonly (readonly [string, string])[] = [
    ["Release", `${codeMarkdown(id)} (${command}, ${outcome})`],
    ["When", `${startedAt} to ${finishedAt}`],
    ["By", plainMarkdown(by.run === undefined ? by.caller : `${by.caller}, ${by.run}`)],
    ["Image", codeMarkdown(`${repository}@${image.digest}`)],
    ["Tags", image.tags.length === 0 ? "none" : image.tags.map(codeMarkdown).join(" ")],
    ["Commit", `${commit}${dirty}`],
    ...(source.hash === undefined ? [] : ([["Source hash", codeMarkdown(source.hash)]] as const)),
    ...(backTo === undefined ? [] : ([["Goes back to", codeMarkdown(backTo)]] as const)),
    ...(origin === undefined
      ? []
      : ([["Promoted from", plainMarkdown(`${origin.stack} ${origin.release ?? ""}`.trim())]] as const)),
    ["Record", record === undefined ? "only the stack's head" : codeMarkdown(record)],
    ["Slipway", plainMarkdown(slipway)],
  ];
  return markdownTable(["", ""], rows);
}

/** The commands, each once, in their order. */
function repeated(checks: readonly ValidationCheck[]): readonly string[] {
  return [...new Set(checks.flatMap(({ repeat }) => repeat ?? []))];
}

function row(
  { check, about = "", verdict, when, evidence, repeat }: ValidationCheck,
  all: readonly string[],
) {
  return [
    plainMarkdown(check),
    plainMarkdown(about),
    `${marks[verdict]} ${verdict}`,
    when,
    evidence.map((line) => plainMarkdown(shortened(line))).join("<br>"),
    repeat === undefined ? "with a deployment" : `command ${all.indexOf(repeat) + 1}`,
  ];
}

/** Digests are whole in the JSON document and in the commands; a table has room for their beginnings. */
function shortened(line: string): string {
  return line.replaceAll(/sha256:[0-9a-f]{64}/g, (digest) => shortDigest(digest));
}
