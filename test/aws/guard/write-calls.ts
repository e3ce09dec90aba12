import { readFileSync, writeFileSync } from "node:fs";
import { type GithubRole, githubRoles } from "../../../config/stack/github.ts";
import { recordedFile } from "../../../docs/generate/calls.ts";

// `npm run record`: what the end-to-end tests have noted, as docs/generate/calls.json.

interface Line {
  readonly role: GithubRole;
  readonly verb: string;
  readonly action: string;
  readonly refused?: string;
}

const [file = ""] = process.argv.slice(2);
const lines = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Line)
  // What no role has is in test/aws/guard/known-refusals.ts.
  .filter(({ action, refused }) => action !== refused);
const recorded = Object.fromEntries(
  githubRoles.map((role) => {
    const byVerb = Object.groupBy(
      lines.filter((line) => line.role === role),
      ({ verb }) => verb,
    );
    const verbs = Object.keys(byVerb).toSorted();
    return [
      role,
      Object.fromEntries(
        verbs.map((verb) => [verb, [...new Set(byVerb[verb]?.map(({ action }) => action))].toSorted()]),
      ),
    ];
  }),
);
writeFileSync(recordedFile, `${JSON.stringify(recorded, null, 2)}\n`);
