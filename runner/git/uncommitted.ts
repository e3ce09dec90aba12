import { posix } from "node:path";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { layoutOfContext } from "../../config/catalogue/contexts.ts";
import { catalogueFile, type StackDescription, stackFile } from "../../config/description/description.ts";
import type { SourceChange } from "../../source/compare.ts";
import type { Source } from "../../source/hash.ts";
import type { BuildInputs } from "../../source/inputs.ts";
import { compareWithCommit, type SinceThen } from "./changed-since.ts";
import { openGit } from "./git.ts";

/** The most paths of a service that git is asked about; an error names no more. */
const markedPaths = 3;

/**
 * What each service's build reads that is not in the commit, mostly as paths, for display. Empty for a
 * service whose source matches the commit.
 */
export type Uncommitted = ReadonlyMap<string, readonly string[]>;

/**
 * Compares what builds read on disk with what they would read at the commit. Both come from the same
 * description of a source, so the rule for building a service also decides whether it is clean.
 *
 * @param sources of the services, and of those that they are built from
 * @param commit that is checked out
 */
export async function findUncommitted(
  description: StackDescription,
  sources: ReadonlyMap<string, Source>,
  commit: string,
  signal: AbortSignal,
): Promise<Uncommitted> {
  const chosen = [...sources.values()].map(({ inputs }) => inputs.service);
  const base = { kind: "commit", ref: "HEAD", commit } as const;
  const { services } = await compareWithCommit(description, sources, chosen, base, signal);
  const found = [...sources.values()].map(({ inputs }) => {
    const { name } = inputs.service;
    const since = services.get(name);
    return [name, since === undefined ? [] : describeSince(inputs, since, description.settings.stack)];
  }) satisfies [string, string[]][];
  const shown = new Set(found.flatMap(([, paths]) => paths.slice(0, markedPaths)));
  const ignored = await ignoredPaths(description.directory, [...shown], signal);
  const said = (path: string) =>
    ignored.has(path) ? `${path} (ignored by git, but read by the build)` : path;
  return new Map(found.map(([name, paths]) => [name, paths.map(said)]));
}

function describeSince(inputs: BuildInputs, since: SinceThen, stack: string): string[] {
  switch (since.kind) {
    case "same":
      return [];
    case "unknown":
      return [since.reason];
    case "changed":
      return [...new Set(since.changes.map((change) => describeChange(inputs, change, stack)))];
  }
}

/** Where a change was made, relative to the project's directory if it is a path. */
function describeChange({ service, dockerfile }: BuildInputs, change: SourceChange, stack: string): string {
  switch (change.kind) {
    case "file":
      return posix.join(folderOf(service, change.in), change.path);
    case "Dockerfile":
    case "base image":
      return dockerfile.path;
    case "needed service":
      return `${change.name}, which it is built from`;
    case "context":
      return `${change.name in service.contexts ? catalogueFile : stackFile(stack)} (context ${change.name})`;
    case "argument":
    case "secret":
      return `${catalogueFile} (${change.kind} ${change.name})`;
    case "stage":
    case "platforms":
    case "salt":
      return `${catalogueFile} (${change.kind})`;
    case "way of hashing":
      return "the way of hashing";
  }
}

function folderOf({ context, contexts }: Service, where: string): string {
  if (where === "context") return context;
  if (where === "extra inputs") return "";
  const location = contexts[where] ?? "";
  return layoutOfContext(location)?.folder ?? location;
}

/** The paths that git ignores. They are easy to overlook, so the message says so. */
async function ignoredPaths(
  directory: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const git = openGit(directory, signal);
  const ignored = await Promise.all(
    paths.map((path) =>
      // One by one, because git fails for a path behind a link and for text that is not a path.
      git.text(["check-ignore", "-q", "--", path]).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return new Set(ignored.flat());
}
