import { formatDuration } from "../report/duration.ts";

/** Text that stands for itself in GitHub's Markdown, in one line: no markup, no mention, no link. */
export function plainMarkdown(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]|~#]/g, (sign) => `\\${sign}`)
    .replaceAll("@", "@\u200b");
}

/** Text as code, in one line; vertical bars are escaped, as tables want them. */
export function codeMarkdown(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}

/** A table; cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Verbatim lines, in a fence that none of them closes. */
export function fencedMarkdown(lines: readonly string[], language = "text"): string {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  );
  const fence = "`".repeat(longest + 1);
  return [fence + language, ...lines, fence].join("\n");
}

/** A collapsible section with a summary line; both are Markdown. */
export function foldedMarkdown(summary: string, content: string, open = false): string {
  return `<details${open ? " open" : ""}><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

/** Parts of a run, one after the other, as a Gantt chart that GitHub draws. */
export function timelineMarkdown(
  phases: readonly { readonly phase: string; readonly milliseconds: number }[],
): string {
  let start = 0;
  const tasks = phases.map(({ phase, milliseconds }) => {
    const end = start + Math.max(1, milliseconds);
    // Mermaid ends a name at a colon, and a statement at a semicolon.
    const name = `${phase.replaceAll(/[^\p{L}\p{N} ._/-]/gu, " ")} (${formatDuration(milliseconds)})`;
    const task = `  ${name} :${start}, ${end}`;
    start = end;
    return task;
  });
  return fencedMarkdown(
    ["gantt", "  dateFormat x", "  axisFormat %M:%S", "  todayMarker off", ...tasks],
    "mermaid",
  );
}
