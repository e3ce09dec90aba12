import { posix } from "node:path";
import picomatch from "picomatch";
import type { Service } from "../config/catalogue/catalogue.ts";
import { isGlob, isLocalContext, layoutOfContext, serviceOfContext } from "../config/catalogue/contexts.ts";
import { baseImages as referencesIn } from "./dockerfile/dockerfile.ts";
import { findDockerfile } from "./dockerfile/find.ts";
import { byPath, type SourceFile } from "./file.ts";
import { nothingIgnored, readIgnoreRules } from "./ignore.ts";
import { followInside, followLinks } from "./links.ts";
import type { SourceTree } from "./tree.ts";

/** All inputs of a service's build. */
export interface BuildInputs {
  readonly service: Service;
  /** Its path is relative to the project's directory. */
  readonly dockerfile: SourceFile;
  /** References of the images that it begins with or copies from. */
  readonly baseImages: readonly string[];
  readonly context: readonly SourceFile[];
  /** Named contexts that are directories, and the files of those that are OCI layouts. */
  readonly namedContexts: Readonly<Record<string, readonly SourceFile[]>>;
  /** Named contexts that are images, layouts or URLs; the stack's replaced base images among them. */
  readonly remoteContexts: Readonly<Record<string, string>>;
  /** Files named in extraInputs, below a directory named there, or matched by a pattern; each once. */
  readonly extraInputs: readonly SourceFile[];
}

/**
 * Reads what a build of the service reads: each context with its own ignore file.
 *
 * @param baseImages the stack's replaced base images, as written
 * @throws UserError when something can't be read
 */
export async function readInputs(
  tree: SourceTree,
  service: Service,
  baseImages: Readonly<Record<string, string>>,
): Promise<BuildInputs> {
  const { name: dockerfileName, file: dockerfile } = await findDockerfile(tree, service);
  const follow = (folder: string, path: string) => followInside(tree.readLink, folder, path);
  const ignoreFiles = { readText: tree.readText, follow };
  const read = async (folder: string, own?: string) =>
    tree.list(folder, await readIgnoreRules(ignoreFiles, folder, own));
  const context = await read(service.context, dockerfileName);
  const namedContexts: Record<string, readonly SourceFile[]> = {};
  const remoteContexts: Record<string, string> = { ...baseImages };
  for (const [name, location] of Object.entries(service.contexts)) {
    if (isLocalContext(location)) namedContexts[name] = await read(location);
    else if (serviceOfContext(location) === undefined) remoteContexts[name] = location;
    const layout = layoutOfContext(location);
    if (layout !== undefined) namedContexts[name] = await tree.list(layout.folder, nothingIgnored);
  }
  const extra = new Map<string, SourceFile>();
  for (const path of service.extraInputs) {
    for (const file of await readExtra(tree, path)) extra.set(file.path, file);
  }
  const extraInputs = [...extra.values()].sort(byPath);
  return {
    service,
    dockerfile,
    baseImages: referencesIn(
      (await tree.readText(dockerfile.path)) ?? "",
      service.arguments,
      Object.keys(service.contexts).filter((name) => isLocalContext(service.contexts[name] ?? "")),
    ),
    context,
    namedContexts,
    remoteContexts,
    extraInputs,
  };
}

/**
 * An extra input is a file, a directory of which everything counts, or a pattern; paths from the project's
 * directory.
 */
async function readExtra(tree: SourceTree, path: string): Promise<readonly SourceFile[]> {
  const clean = posix.normalize(path).replace(/\/+$/, "");
  if (isGlob(path)) {
    const { base } = picomatch.scan(clean);
    const matches = picomatch(clean, { dot: true });
    const files = await tree.list(base === "" ? "." : base, nothingIgnored);
    return files.map(below(base)).filter((file) => matches(file.path));
  }
  // Who names a link means what it leads to.
  const place = await followLinks(tree.readLink, clean);
  const file = await tree.readFile(place);
  if (file !== undefined) return [{ ...file, path: clean }];
  return (await tree.list(place, nothingIgnored)).map(below(clean));
}

function below(folder: string): (file: SourceFile) => SourceFile {
  return (file) => (folder === "" || folder === "." ? file : { ...file, path: `${folder}/${file.path}` });
}
