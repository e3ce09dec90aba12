import type { Revision } from "./git.ts";

/** What tags are made from. */
export interface TagSource {
  readonly stack: string;
  /** `--version` or TAG; undefined when none was given. */
  readonly version: string | undefined;
  readonly revision: Pick<Revision, "commit" | "committedAt" | "branch"> | undefined;
  /**
   * Source hash, when what is built differs from the commit: a tag that names the commit then says so,
   * and never stands for two images.
   */
  readonly uncommittedSource?: string | undefined;
}

export interface TagPlan {
  /** Valid and different from each other, in the order of the formats; the version comes last. */
  readonly tags: readonly string[];
  /** Formats that were left out, and why. */
  readonly leftOut: readonly { readonly format: string; readonly reason: string }[];
}

/**
 * The tags that a stack's formats make of a revision and a version. Times are the commit's and in UTC,
 * so that the same commit has the same tags wherever and whenever it is deployed. A format with a
 * placeholder that nothing is known for is left out. Pure.
 */
export function planTags(formats: readonly string[], source: TagSource): TagPlan {
  const values = placeholders(source);
  const { uncommittedSource } = source;
  const suffix = uncommittedSource === undefined ? "" : `-dirty-${uncommittedSource.slice(0, 8)}`;
  const leftOut: { format: string; reason: string }[] = [];
  const tags = [...formats, ...(source.version === undefined ? [] : ["{version}"])].flatMap((format) => {
    const used = [...format.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? "");
    const missing = used.find((name) => values[name] === undefined);
    if (missing !== undefined) {
      leftOut.push({ format, reason: reasonFor(missing, values) });
      return [];
    }
    const filled = format.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => values[name] ?? "");
    const namesCommit = used.some((name) => commitPlaceholders.includes(name));
    const tag = sanitizeTag(namesCommit ? `${filled}${suffix}` : filled);
    if (tag === undefined) leftOut.push({ format, reason: "nothing is left of it that a tag may have" });
    return tag ?? [];
  });
  return { tags: [...new Set(tags)], leftOut };
}

/** Placeholders that stand for the commit. */
const commitPlaceholders = ["sha7", "sha8", "timestamp", "date-time"];

function placeholders({ stack, version, revision }: TagSource): Record<string, string | undefined> {
  const time = revision && utcDigits(revision.committedAt);
  return {
    sha7: revision?.commit.slice(0, 7),
    sha8: revision?.commit.slice(0, 8),
    timestamp: time && `${time.date}${time.clock}`,
    "date-time": time && `${time.date}-${time.clock}`,
    branch: revision?.branch,
    version,
    stack,
  };
}

function reasonFor(placeholder: string, known: Readonly<Record<string, string | undefined>>): string {
  if (!(placeholder in known)) {
    return `{${placeholder}} is no placeholder (there are: ${Object.keys(known)
      .map((name) => `{${name}}`)
      .join(" ")})`;
  }
  if (placeholder === "version") return "no version was given (--version or TAG)";
  if (placeholder === "branch") return "no branch is checked out";
  return "this is no git repository with a commit";
}

function utcDigits(at: Date): { readonly date: string; readonly clock: string } {
  const digits = at.toISOString().replaceAll(/\D/g, "");
  return { date: digits.slice(0, 8), clock: digits.slice(8, 14) };
}

/**
 * A text as a tag that registries take: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`. Everything else becomes
 * a hyphen; undefined when nothing is left. Pure.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function sanitizeTag(text: string): string | undefined {
  const tag = text
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128)
    .replace(/-+$/, "");
  return tag === "" ? undefined : tag;
}
