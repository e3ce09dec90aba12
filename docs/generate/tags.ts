import { type TagPreset, tagPresets } from "../../config/stack/tags.ts";
import type { TagPlan } from "../../runner/tags/tags.ts";
import { between, type GeneratedFile } from "./page.ts";
import { plansIn, situations } from "./situations.ts";

/** The formats of each preset, and the tags that each preset makes in every situation. Creates git repositories. */
export const tagTables: GeneratedFile = {
  path: "docs/reference/tags.md",
  render: async (current) =>
    between(between(current, "presets", presetTable()), "tag table", await situationTable()),
};

function presetTable(): string {
  const rows = Object.entries(tagPresets).map(([name, formats]) => {
    const list = formats.map(({ format, when }) => `\`${format}\`${when === "any" ? "" : ` (${when})`}`);
    return `| \`${name}\` | ${list.join(", ")} |`;
  });
  return ["| preset | formats |", "| --- | --- |", ...rows].join("\n");
}

async function situationTable(): Promise<string> {
  const presets = Object.keys(tagPresets) as TagPreset[];
  const rows: string[] = [];
  for (const situation of situations) {
    const plans = await plansIn(situation);
    rows.push(`| ${[situation.title, ...presets.map((preset) => cell(plans[preset]))].join(" | ")} |`);
  }
  const head = `| | ${presets.map((preset) => `\`${preset}\``).join(" | ")} |\n|${" --- |".repeat(presets.length + 1)}`;
  return `${head}\n${rows.join("\n")}`;
}

function cell({ tags, problems }: TagPlan): string {
  const [problem] = problems;
  if (problem !== undefined) return `refused: \`${problem.code}\``;
  return tags.length === 0 ? "none" : tags.map((tag) => `\`${shortened(tag)}\``).join("<br>");
}

function shortened(tag: string): string {
  return tag.length <= 60 ? tag : `${tag.slice(0, 24)}…${tag.slice(-24)}`;
}
