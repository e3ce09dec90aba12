import { join } from "node:path";
import type { Service } from "../config/catalogue.ts";
import { isLocalContext } from "../config/load.ts";
import { readIgnoreRules } from "./ignore.ts";
import { listFiles, type SourceFile } from "./list.ts";

/** Everything that a build of a service reads, by name; contents are read later. */
export interface BuildInputs {
  readonly service: Service;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly context: readonly SourceFile[];
  /** Named contexts that are directories. */
  readonly namedContexts: Readonly<Record<string, readonly SourceFile[]>>;
  /** Named contexts that are images, layouts or URLs; the stack's replaced base images among them. */
  readonly remoteContexts: Readonly<Record<string, string>>;
  /** Files named in extraInputs, or below a directory named there. */
  readonly extraInputs: readonly SourceFile[];
}

/**
 * Lists what a build reads: each context with its own ignore file.
 *
 * @param directory the project's directory
 * @param baseImages the stack's replaced base images, as written
 * @throws UserError when something can't be read
 */
export async function listInputs(
  directory: string,
  service: Service,
  baseImages: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<BuildInputs> {
  const dockerfile = join(directory, service.dockerfile);
  const locals = Object.entries(service.contexts).filter(([, location]) => isLocalContext(location));
  const remotes = Object.entries(service.contexts).filter(([, location]) => !isLocalContext(location));
  const list = async (path: string, own?: string) => {
    const root = join(directory, path);
    return listFiles(root, await readIgnoreRules(root, own), signal);
  };
  const [context, named, extra] = await Promise.all([
    list(service.context, dockerfile),
    Promise.all(locals.map(async ([name, path]) => [name, await list(path)] as const)),
    Promise.all(service.extraInputs.map((path) => listExtra(directory, path, signal))),
  ]);
  return {
    service,
    dockerfile,
    context,
    namedContexts: Object.fromEntries(named),
    remoteContexts: { ...baseImages, ...Object.fromEntries(remotes) },
    extraInputs: extra.flat(),
  };
}

/** An extra input is a file, or a directory of which everything counts. */
async function listExtra(directory: string, path: string, signal?: AbortSignal): Promise<SourceFile[]> {
  const only = path.replace(/^\.\//, "").replace(/\/+$/, "");
  const slash = only.lastIndexOf("/");
  const parent = slash === -1 ? "" : only.slice(0, slash);
  const name = only.slice(slash + 1);
  const files = await listFiles(
    join(directory, parent),
    {
      ignores: (candidate) => candidate !== name && !candidate.startsWith(`${name}/`),
      canSkip: (candidate) => candidate !== name && !candidate.startsWith(`${name}/`),
    },
    signal,
  );
  return files.map((file) => ({ ...file, path: parent === "" ? file.path : `${parent}/${file.path}` }));
}
