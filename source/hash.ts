import type { Service } from "../config/catalogue/catalogue.ts";
import type { StackDescription } from "../config/description/description.ts";
import { neededBy, withNeeded } from "../config/description/needs.ts";
import { type ContentCache, openContentCache } from "./content-cache.ts";
import { describeSource, hashDescription, type SourceDescription } from "./describe.ts";
import { type BuildInputs, readInputs } from "./inputs.ts";
import type { SourceTree } from "./tree.ts";
import type { Reading } from "./turns.ts";
import { openWorkingTree } from "./working-tree.ts";

/** The source of a build. */
export interface Source {
  readonly inputs: BuildInputs;
  readonly description: SourceDescription;
  /** Source hash: 32 hexadecimal digits. */
  readonly hash: string;
  /** Files read, and their size in bytes. */
  readonly files: number;
  readonly bytes: number;
}

/** The parts of a stack that hashing uses. */
export interface BuildScope {
  /** All services of the catalogue. */
  readonly services: readonly Service[];
  /** The stack's replaced base images, as written. */
  readonly baseImages: Readonly<Record<string, string>>;
}

/** The parts that hashing uses, from a stack's description. */
export function buildScope({
  catalogue,
  settings,
}: Pick<StackDescription, "catalogue" | "settings">): BuildScope {
  return { services: catalogue.services, baseImages: settings.baseImages };
}

/**
 * Hashes what the builds of services read on disk, and of those that they are built from. Depends on
 * nothing but content: not on the machine, the user, the umask, times, the project's path or the order
 * of files; of permissions only the executable bit counts. Build secrets enter by id only.
 *
 * @returns by service, in an order in which they can be built
 * @throws UserError when something can't be read
 */
export async function hashSources(
  directory: string,
  described: BuildScope,
  chosen: readonly Service[],
  reading: Reading = {},
  cache: ContentCache = openContentCache(directory),
): Promise<ReadonlyMap<string, Source>> {
  const sources = await readSources(openWorkingTree(directory, cache, reading), described, chosen);
  cache.save();
  return sources;
}

/** `hashSources` over any tree of files. */
export async function readSources(
  tree: SourceTree,
  { services, baseImages }: BuildScope,
  chosen: readonly Service[],
): Promise<ReadonlyMap<string, Source>> {
  const sources = new Map<string, Source>();
  for (const service of withNeeded(chosen, services)) {
    const inputs = await readInputs(tree, service, baseImages);
    const needed = neededBy(service).map((name) => [name, sources.get(name)?.hash ?? ""]);
    const description = describeSource(inputs, Object.fromEntries(needed));
    const all = [...inputs.context, ...Object.values(inputs.namedContexts).flat(), ...inputs.extraInputs];
    sources.set(service.name, {
      inputs,
      description,
      hash: hashDescription(description),
      files: all.length,
      bytes: all.reduce((sum, file) => sum + file.size, 0),
    });
  }
  return sources;
}
