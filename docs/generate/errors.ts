import type { CodeEntry, CodeTable } from "../../config/problems/codes/entry.ts";
import { codeGroups } from "../../config/problems/codes.ts";
import { sandboxCodes } from "../../sandbox/codes.ts";
import type { GeneratedFile } from "./page.ts";

/** Every group of codes; the sandbox's comes last. */
export const allCodeGroups: Readonly<Record<string, CodeTable>> = {
  ...codeGroups,
  "The sandbox": sandboxCodes,
};

/** The page of all codes, from the tables of codes. */
export const errorsPage: GeneratedFile = { path: "docs/reference/errors.md", render: text };

function text(): string {
  const groups = Object.entries(allCodeGroups).map(([title, codes]) => {
    const rows = Object.entries(codes)
      .toSorted(([one], [other]) => one.localeCompare(other, "en"))
      .map(([code, entry]) => `| \`${code}\` | ${entry.meaning} | ${entry.fix} | ${exitsOf(entry)} |`);
    return [`## ${title}`, "", "| code | meaning | fix | exit |", "| --- | --- | --- | --- |", ...rows].join(
      "\n",
    );
  });
  return `# Errors and warnings

\`npm run docs\` writes this page from \`config/problems/codes/\` and \`sandbox/codes.ts\`; a test compares the two.

Every error and warning has a code. \`--output json\` shows it as \`error.problems[].code\`, and GitHub Actions
shows it in the title of an annotation. Codes keep their names from version to version. The message itself
names the file and key, the value, and the fix for the case at hand.

Exit codes: 1 failed or rolled back, 2 usage or configuration error, 3 refused by a gate, 130 interrupted.
When a deployment fails after it has started, the command exits with 1, for every code. A warning (–) stops
nothing.

${groups.join("\n\n")}
`;
}

function exitsOf({ exits }: CodeEntry): string {
  return exits.length === 0 ? "–" : exits.join(", ");
}
