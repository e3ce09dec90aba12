import { type Placeholder, placeholdersIn, type TagCondition } from "../../config/stack/tags.ts";
import type { TagFacts } from "./facts.ts";

/** Why an image gets a tag: what the format names, and the condition that was met. */
export function describeFormat(format: string, when: TagCondition, facts: TagFacts): string {
  const parts = placeholdersIn(format).map((name) => describePlaceholder(name, facts));
  const condition = describeCondition(when, facts);
  const all = [...new Set([...parts, ...(condition === undefined ? [] : [condition])])];
  return all.length === 0 ? "every deployment" : all.join(", ");
}

/** Date and time of a moment, in digits and UTC. */
export function utcDigits(at: Date): { readonly date: string; readonly clock: string } {
  const digits = at.toISOString().replaceAll(/\D/g, "");
  return { date: digits.slice(0, 8), clock: digits.slice(8, 14) };
}

function describePlaceholder(name: Placeholder, { revision, chosen, stack }: TagFacts): string {
  const origin = chosen?.from === "given" ? "given" : "a git tag on the commit";
  switch (name) {
    case "sha7":
    case "sha8":
    case "sha":
      return "the commit";
    case "timestamp":
    case "date-time":
      return "the commit's time, UTC";
    case "version":
    case "semver":
      return `version ${chosen?.text}, ${origin}`;
    case "major":
    case "minor":
      return `short for ${chosen?.text}`;
    case "branch":
      return `branch ${revision?.branch}`;
    case "pr":
      return `pull request ${revision?.pullRequest}`;
    case "stack":
      return `environment ${stack}`;
  }
}

function describeCondition(when: TagCondition, { revision, chosen }: TagFacts): string | undefined {
  switch (when) {
    case "any":
    case "tag":
    case "pull-request":
      return undefined;
    case "main":
      return `the main branch, ${revision?.branch}`;
    case "release":
      return `release ${chosen?.text}`;
    case "unversioned":
      return "no version";
  }
}
