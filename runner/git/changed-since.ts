import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { serviceNamed } from "../../config/catalogue/by-name.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { catalogueSchema, resolveCatalogue } from "../../config/catalogue/catalogue.ts";
import { catalogueFile, type StackDescription, stackFile } from "../../config/description/description.ts";
import { selectServices } from "../../config/description/selection.ts";
import { parseSettings } from "../../config/description/settings.ts";
import { UserError } from "../../config/problems/errors.ts";
import { parseYaml } from "../../config/problems/yaml.ts";
import { compareSources, type SourceChange } from "../../source/compare.ts";
import type { SourceFile } from "../../source/file.ts";
import { type BuildScope, buildScope, hashSources, readSources, type Source } from "../../source/hash.ts";
import type { SourceTree } from "../../source/tree.ts";
import type { Emit } from "../report/events.ts";
import { findGitBase, type GitBase } from "./base.ts";
import { openCommittedTree } from "./committed-tree.ts";

/** How a service's source changed since a commit. */
export type SinceThen =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly changes: readonly SourceChange[] }
  /** Why the service counts as changed without a list of changes: it is new, or its base can't be read. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface ComparedWithGit {
  /** By service. */
  readonly services: ReadonlyMap<string, SinceThen>;
  /** Services that the catalogue had at the base, and no longer has. */
  readonly removed: readonly string[];
}

/** A stack's description, and the services that a command is about. */
type ChosenDescription = StackDescription & { readonly services: readonly Service[] };

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Compares the selected services of a description with a commit. */
export async function compareSince(description: ChosenDescription, base: GitBase, { emit, signal }: Context) {
  const { directory, services } = description;
  const sources = await hashSources(directory, buildScope(description), services, {
    signal,
    progress: (files) => emit({ kind: "notice", message: `${files.toLocaleString("en")} files so far` }),
  });
  return compareWithCommit(description, sources, services, base, signal);
}

/**
 * The selected services that changed since a commit, which is what `--since` selects. Emits a notice that
 * names them.
 */
export async function onlyChangedSince(
  description: ChosenDescription,
  since: string,
  context: Context,
): Promise<readonly Service[]> {
  const base = await findGitBase(description.directory, since);
  warnOfNoBase(base, context);
  const { services } = await compareSince(description, base, context);
  const changed = description.services.filter(({ name }) => services.get(name)?.kind !== "same");
  const names = changed.map(({ name }) => name).join(", ");
  context.emit({ kind: "notice", message: `changed since ${since}: ${names === "" ? "nothing" : names}` });
  return changed;
}

/** Warns that every service counts as changed, and why. */
export function warnOfNoBase(base: GitBase, { emit }: Context): void {
  if (base.kind !== "none") return;
  emit({
    kind: "warning",
    code: "no-git-base",
    message: `${base.reason}; every service counts as changed`,
    ...(base.fix === undefined ? {} : { fix: base.fix }),
  });
}

/** Compares what builds read now with what they would have read at a commit. Needs git and nothing else. */
export async function compareWithCommit(
  { directory, catalogue, settings }: StackDescription,
  sources: ReadonlyMap<string, Source>,
  chosen: readonly Service[],
  base: GitBase,
  signal: AbortSignal,
): Promise<ComparedWithGit> {
  const all = (reason: string): ComparedWithGit => ({
    services: new Map(chosen.map(({ name }) => [name, { kind: "unknown", reason }])),
    removed: [],
  });
  if (base.kind === "none") return all(base.reason);
  const known = new Map([...sources.values()].flatMap(filesOf).map((file) => [file.absolute, file]));
  const tree = await openCommittedTree(directory, base.commit, { signal, known });
  const then = await describedThen(tree, { directory, catalogue, settings });
  if ("reason" in then) return all(then.reason);
  const services = new Map<string, SinceThen>();
  for (const { name } of chosen) {
    const before = serviceNamed(then.services, name);
    const now = sources.get(name);
    if (now === undefined) continue;
    services.set(
      name,
      before === undefined
        ? { kind: "unknown", reason: "new service" }
        : await compareService(tree, then, before, now),
    );
  }
  const names = new Set(catalogue.services.map(({ name }) => name));
  return { services, removed: then.services.map(({ name }) => name).filter((name) => !names.has(name)) };
}

/** Files whose content on disk is known already, so that none is read twice. */
function filesOf({ inputs }: Source): readonly SourceFile[] {
  const { dockerfile, context, namedContexts, extraInputs } = inputs;
  return [dockerfile, ...context, ...Object.values(namedContexts).flat(), ...extraInputs];
}

async function compareService(
  tree: SourceTree,
  then: BuildScope,
  before: Service,
  now: Source,
): Promise<SinceThen> {
  try {
    const source = (await readSources(tree, then, [before])).get(before.name);
    if (source === undefined) return { kind: "unknown", reason: "new service" };
    if (source.hash === now.hash) return { kind: "same" };
    return { kind: "changed", changes: compareSources(source.description, now.description) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [problem] = error.problems;
    return {
      kind: "unknown",
      reason: `it could not be built at that commit: ${[problem?.value ?? problem?.where, problem?.message].join(" ")}`,
    };
  }
}

/** The catalogue and the base images as a commit has them. */
async function describedThen(
  tree: SourceTree,
  now: StackDescription,
): Promise<BuildScope | { readonly reason: string }> {
  const { directory, settings } = now;
  const text = await tree.readText(catalogueFile);
  if (text === undefined) return { reason: `${catalogueFile} did not exist` };
  const file = stackFile(settings.stack);
  const settingsText = await tree.readText(file);
  const before = settingsText === undefined ? undefined : parseYaml(settingsText, file);
  const config =
    before && "value" in before ? (before.value as { config?: object } | null)?.config : undefined;
  const checked = parseSettings({ ...config }, settings.stack, file);
  const { services: selectors, baseImages } = "value" in checked ? checked.value : settings;
  // Reading a long catalogue takes far longer than comparing it, and mostly it is as it was.
  const onDisk = await readFile(join(directory, catalogueFile), "utf8").catch(() => undefined);
  if (text === onDisk && isDeepStrictEqual(selectors, settings.services)) {
    return { services: now.catalogue.services, baseImages };
  }
  const parsed = parseYaml(text, catalogueFile);
  const written = catalogueSchema.safeParse("value" in parsed ? parsed.value : undefined);
  if (!written.success) return { reason: `the old ${catalogueFile} could not be read` };
  const { services } = selectServices(resolveCatalogue(written.data, settings.stack), selectors);
  return { services, baseImages };
}
