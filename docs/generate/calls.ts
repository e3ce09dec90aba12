import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type GithubRole, githubRoles } from "../../config/stack/github.ts";
import { between, type GeneratedFile } from "./page.ts";

/** Role → command → actions that the command asked of AWS and of the registry in the tests. */
export type RecordedCalls = Readonly<
  Partial<Record<GithubRole, Readonly<Record<string, readonly string[]>>>>
>;

/** Written by `npm run record`, from the tests that run every command as its role. */
export const recordedFile = join(import.meta.dirname, "calls.json");

/** What commands called as each role. */
export function readRecordedCalls(): RecordedCalls {
  return JSON.parse(readFileSync(recordedFile, "utf8")) as RecordedCalls;
}

/** The table of what each command asks of AWS, as which role. */
export const callsTable: GeneratedFile = {
  path: "docs/reference/permissions.md",
  render: (current) => between(current, "calls", [...head, ...rows(readRecordedCalls())].join("\n")),
};

const head = ["| role | command | actions |", "| --- | --- | --- |"];
const titles: Readonly<Record<GithubRole, string>> = {
  pullRequest: "pull request",
  push: "push",
  deploy: "deploy",
  inspect: "inspect",
};

function rows(recorded: RecordedCalls): string[] {
  return githubRoles.flatMap((role) =>
    Object.entries(recorded[role] ?? {}).map(
      ([verb, actions]) => `| ${titles[role]} | \`${verb}\` | ${grouped(actions)} |`,
    ),
  );
}

/** `ecs`: DescribeServices, UpdateService; `lambda`: … */
function grouped(actions: readonly string[]): string {
  const byService = Map.groupBy(actions, (action) => action.split(":")[0] ?? "");
  return [...byService]
    .map(([service, of]) => `\`${service}:\` ${of.map((action) => action.split(":")[1]).join(", ")}`)
    .join("; ");
}
