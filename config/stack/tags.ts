import { z } from "zod";

/** Condition of a tag format; docs/reference/tags.md describes each. */
export const tagConditions = ["any", "main", "pull-request", "tag", "release", "unversioned"] as const;
export type TagCondition = (typeof tagConditions)[number];

/** What a placeholder names. A tag with one that names a commit or a version stays where it is. */
const placeholderNames = {
  sha7: "commit",
  sha8: "commit",
  sha: "commit",
  timestamp: "commit",
  "date-time": "commit",
  version: "version",
  semver: "version",
  major: "line",
  minor: "line",
  branch: "line",
  pr: "line",
  stack: "line",
} as const satisfies Record<string, "commit" | "version" | "line">;

export type Placeholder = keyof typeof placeholderNames;
export const placeholders = Object.keys(placeholderNames) as Placeholder[];

/** A tag format of a deployment. */
export interface TagFormat {
  /** Text with placeholders in braces. */
  readonly format: string;
  readonly when: TagCondition;
}

const formatSchema = z
  .string()
  .min(1)
  .max(128)
  .superRefine((format, context) => {
    const unknown = wordsIn(format).find((word) => !(placeholders as readonly string[]).includes(word));
    if (unknown === undefined) return;
    const all = placeholders.map((name) => `{${name}}`).join(" ");
    context.addIssue({ code: "custom", message: `{${unknown}} is not a placeholder; use one of: ${all}` });
  });

const entrySchema = z.union([
  formatSchema,
  z.strictObject({ format: formatSchema, when: z.enum(tagConditions).default("any") }),
]);

const presetNames = ["given", "commits", "releases", "commit-time", "environments", "semver"] as const;
export type TagPreset = (typeof presetNames)[number];

/** `slipway:tags`: a list of formats, or a preset with further ones. */
export const tagsSchema = z
  .union([
    z.array(entrySchema),
    z.strictObject({
      preset: z.enum(presetNames).describe("A named set of formats, listed in docs/reference/tags.md"),
      add: z.array(entrySchema).default([]).describe("Additional formats"),
    }),
  ])
  .describe("Tags that a deployment puts on an image: formats, or {preset, add}; see docs/reference/tags.md");

export type TagSettings = z.output<typeof tagsSchema>;

/** The formats of each preset; docs/reference/tags.md describes them. */
export const tagPresets: Readonly<Record<TagPreset, readonly TagFormat[]>> = {
  given: [
    { format: "{version}", when: "tag" },
    { format: "dev", when: "unversioned" },
    { format: "pr-{pr}", when: "pull-request" },
  ],
  commits: [
    { format: "{sha7}", when: "any" },
    { format: "{date-time}", when: "any" },
    { format: "latest", when: "main" },
    { format: "pr-{pr}", when: "pull-request" },
  ],
  releases: [
    { format: "commit-{sha7}", when: "any" },
    { format: "{version}", when: "tag" },
    { format: "latest", when: "release" },
    { format: "dev", when: "unversioned" },
    { format: "pr-{pr}", when: "pull-request" },
  ],
  "commit-time": [{ format: "{sha8}-{timestamp}", when: "any" }],
  environments: [
    { format: "{sha8}", when: "any" },
    { format: "{branch}-{sha8}", when: "any" },
    { format: "{branch}-latest", when: "any" },
    { format: "v{semver}", when: "tag" },
    { format: "{stack}", when: "any" },
  ],
  semver: [
    { format: "{sha7}", when: "any" },
    { format: "{semver}", when: "tag" },
    { format: "{major}.{minor}", when: "release" },
    { format: "{major}", when: "release" },
    { format: "latest", when: "release" },
    { format: "pr-{pr}", when: "pull-request" },
  ],
};

/** The formats of a stack's setting, each with its condition. */
export function tagFormats(settings: TagSettings): readonly TagFormat[] {
  const written = "preset" in settings ? settings.add : settings;
  const own = written.map((entry) =>
    typeof entry === "string" ? { format: entry, when: impliedCondition(entry) } : entry,
  );
  return "preset" in settings ? [...tagPresets[settings.preset], ...own] : own;
}

/** `latest` belongs to the main branch by default. */
function impliedCondition(format: string): TagCondition {
  return format === "latest" ? "main" : "any";
}

/** The placeholders in a format, in its order. */
export function placeholdersIn(format: string): Placeholder[] {
  return wordsIn(format).filter((word): word is Placeholder => word in placeholderNames);
}

function wordsIn(format: string): string[] {
  return [...format.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? "");
}

/** Whether a format's tag is the same for many commits, and so moves from image to image. */
export function moves(format: string): boolean {
  return placeholdersIn(format).every((name) => placeholderNames[name] === "line");
}

/**
 * The tags that a format can make, as a pattern: `v{semver}` → `v0*`. Hashes and numbers begin with a digit, and a
 * version with `v`, as the git tags that Slipway takes for versions do.
 */
export function patternOf(format: string, stack: string): string {
  return format.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    if (name === "stack") return stack;
    if (name === "branch") return "*";
    return name === "version" ? "v*" : "0*";
  });
}

/** Whether a format's tag names the commit. */
export function namesCommit(format: string): boolean {
  return placeholdersIn(format).some((name) => placeholderNames[name] === "commit");
}

/** Whether a text is matched by one of ECR's wildcards: `*` is any characters, all else is itself. */
export function matchesWildcard(filter: string, text: string): boolean {
  const escaped = filter.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text);
}

/**
 * The moving tags of a strategy that no filter lets move, whatever their placeholders stand for: they
 * could be put once in an immutable repository, and never again.
 */
export function immovableFormats(
  formats: readonly TagFormat[],
  filters: readonly string[],
  stack: string,
): readonly string[] {
  // A character that no filter can have: only `*` matches what stands for anything.
  const anything = "\uffff";
  return formats
    .map(({ format }) => format)
    .filter(moves)
    .filter((format) => {
      const sample = format.replaceAll("{stack}", stack).replaceAll(/\{[^{}]*\}/g, anything);
      return !filters.some((filter) => matchesWildcard(filter, sample));
    });
}
