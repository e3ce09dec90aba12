import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import pLimit from "p-limit";
import type { Service } from "../config/catalogue.ts";
import { type BuildInputs, listInputs } from "./inputs.ts";
import { type SourceFile, unreadable } from "./list.ts";

/** What a build reads, as one value. */
export interface Source {
  readonly inputs: BuildInputs;
  /** Source hash: 32 hexadecimal digits. */
  readonly hash: string;
  /** Files read, and their size in bytes. */
  readonly files: number;
  readonly bytes: number;
}

/** Changes whenever the way of hashing does, so that old and new hashes never meet. */
const scheme = "slipway-source-1";

/** Files open at the same time; enough to keep a disk busy, far below any limit on descriptors. */
const openFiles = pLimit(64);

/**
 * Hashes what a build of the service reads. Depends on nothing but content: not on the machine, the
 * user, the umask, times, the project's path or the order of files; of permissions only the
 * executable bit counts. Build secrets enter by id only.
 *
 * @throws UserError when something can't be read
 */
export async function hashSource(
  directory: string,
  service: Service,
  baseImages: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Source> {
  const inputs = await listInputs(directory, service, baseImages, signal);
  const [context, named, extra, dockerfile] = await Promise.all([
    hashTree(inputs.context, signal),
    Promise.all(
      Object.entries(inputs.namedContexts).map(
        async ([name, files]) => [name, await hashTree(files, signal)] as const,
      ),
    ),
    hashTree(inputs.extraInputs, signal),
    hashContent(inputs.dockerfile, signal),
  ]);
  const hash = hashDescription({
    scheme,
    context,
    dockerfile,
    namedContexts: Object.fromEntries(named),
    remoteContexts: inputs.remoteContexts,
    extraInputs: extra,
    stage: service.stage ?? null,
    arguments: service.arguments,
    secrets: Object.keys(service.secrets).sort(),
    platforms: [...service.platforms].sort(),
    salt: service.salt ?? null,
  });
  const all = [...inputs.context, ...Object.values(inputs.namedContexts).flat(), ...inputs.extraInputs];
  return { inputs, hash, files: all.length, bytes: all.reduce((sum, file) => sum + file.size, 0) };
}

/** Hash of a description whose objects' keys are in any order. Pure. */
export function hashDescription(description: unknown): string {
  return createHash("sha256").update(canonicalJson(description)).digest("hex").slice(0, 32);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Hash of a list of files: mode, path and content of each, git-style. */
async function hashTree(files: readonly SourceFile[], signal?: AbortSignal): Promise<string> {
  const lines = await Promise.all(
    files.map(async (file) => {
      const mode = file.kind === "link" ? "120000" : file.executable ? "100755" : "100644";
      const content =
        file.kind === "link"
          ? createHash("sha256")
              .update(await readlink(file.absolute))
              .digest("hex")
          : await hashContent(file.absolute, signal);
      return `${mode} ${content} ${JSON.stringify(file.path)}\n`;
    }),
  );
  return createHash("sha256").update(lines.join("")).digest("hex");
}

/** SHA-256 of a file's content, in hexadecimal digits. */
export function hashContent(path: string, signal?: AbortSignal): Promise<string> {
  return openFiles(async () => {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal }).catch(
      unreadable(path, ""),
    );
    return hash.digest("hex");
  });
}
