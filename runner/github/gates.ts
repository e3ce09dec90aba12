import { codeMarkdown, markdownTable, plainMarkdown } from "./markdown.ts";

/** What one gate says of one service. */
export interface GateRow {
  readonly service: string;
  readonly gate: string;
  readonly verdict: string;
  readonly message?: string;
}

const marks: Readonly<Record<string, string>> = {
  passed: "✅",
  failed: "❌",
  overridden: "⚠️",
  undecided: "❔",
  "not checked": "➖",
};

/** The verdicts of gates as a table; nothing where none was asked. */
export function gatesMarkdown(rows: readonly GateRow[]): string[] {
  if (rows.length === 0) return [];
  return [
    markdownTable(
      ["Service", "Gate", "Verdict", ""],
      rows.map(({ service, gate, verdict, message = "" }) => [
        codeMarkdown(service),
        plainMarkdown(gate),
        `${marks[verdict] ?? ""} ${verdict}`.trim(),
        plainMarkdown(message),
      ]),
    ),
  ];
}
