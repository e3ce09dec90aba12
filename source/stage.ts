import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lutimes,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { layoutContext, layoutOfContext } from "../config/catalogue/contexts.ts";
import { UserError } from "../config/problems/errors.ts";
import type { SourceFile } from "./file.ts";
import type { Source } from "./hash.ts";
import { hashContent, unreadable } from "./working-tree.ts";

/** Where a build finds what it reads. Paths are relative to the project's directory, the same on every machine. */
export interface StagedContext {
  readonly context: string;
  readonly dockerfile: string;
  /** Named contexts: staged directories and OCI layouts, and the remote ones as they are. Other services' images are not among them. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** Time of staged folders and links: the first that a zip file can hold. */
const earliest = Date.UTC(1980, 0, 1) / 1000;

/**
 * Time of a staged file, in seconds: it depends on the content alone, so that layers do not depend on
 * when something was checked out. It must not be the same for all: BuildKit takes a file of the same
 * size and time for unchanged, and would build from what it was sent before.
 */
function timeOf(contentHash: string): number {
  return earliest + (Number.parseInt(contentHash.slice(0, 8), 16) >>> 2);
}

const copies = pLimit(32);

/**
 * Copies what the build reads to `.slipway/contexts/<service>/`, with modes 0644 and 0755 and
 * times that follow from content, unless that very source is there already. A build from the copy depends on the source
 * hash alone: docker-build's own context hash counts every permission bit and applies the main
 * context's ignore file to named contexts, neither of which matters here.
 *
 * @throws UserError when something can't be read or the disk is full
 */
export async function stageContext(
  directory: string,
  source: Source,
  signal?: AbortSignal,
): Promise<StagedContext> {
  const { service } = source.inputs;
  const place = `.slipway/contexts/${service.name}`;
  const names = Object.keys(source.inputs.namedContexts).sort();
  // A context's name can be an image reference, so its folder goes by number.
  const staged: StagedContext = {
    context: `${place}/context`,
    dockerfile: `${place}/dockerfile/Dockerfile`,
    contexts: {
      ...source.inputs.remoteContexts,
      ...Object.fromEntries(
        names.map((name, index) => {
          const layout = layoutOfContext(service.contexts[name] ?? "");
          const folder = `${place}/named/${index}`;
          return [name, layout === undefined ? folder : layoutContext({ ...layout, folder })];
        }),
      ),
    },
  };
  const stamp = join(directory, place, "source-hash");
  if ((await readFile(stamp, "utf8").catch(() => "")) === source.hash) return staged;

  const fresh = join(directory, `${place}.${process.pid}.new`);
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(join(fresh, "context"), { recursive: true });
    await mkdir(join(fresh, "dockerfile"));
    await copySame(source.inputs.dockerfile, join(fresh, "dockerfile/Dockerfile"), signal);
    await chmod(join(fresh, "dockerfile/Dockerfile"), 0o644);
    // Takes precedence over a .dockerignore among the staged files, which has been applied already.
    await writeFile(join(fresh, "dockerfile/Dockerfile.dockerignore"), "# applied when this was staged\n");
    await copyTree(source.inputs.context, join(fresh, "context"), signal);
    for (const [index, name] of names.entries()) {
      await mkdir(join(fresh, `named/${index}`), { recursive: true });
      await copyTree(source.inputs.namedContexts[name] ?? [], join(fresh, `named/${index}`), signal);
    }
    await writeFile(join(fresh, "source-hash"), source.hash);
    const final = join(directory, place);
    await rm(final, { recursive: true, force: true });
    await rename(fresh, final);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another run on this project staged the same source a moment ago.
    if (
      (error as NodeJS.ErrnoException).code === "ENOTEMPTY" ||
      (error as NodeJS.ErrnoException).code === "EEXIST"
    ) {
      if ((await readFile(stamp, "utf8").catch(() => "")) === source.hash) return staged;
    }
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
      throw new UserError(
        {
          code: "disk-full",
          where: join(directory, place),
          message: `no space left on device while staging the build context of ${service.name}`,
          fix: "free some space, or exclude large files in .dockerignore",
        },
        { exitCode: 1, cause: error },
      );
    }
    throw error;
  }
  return staged;
}

async function copyTree(files: readonly SourceFile[], to: string, signal?: AbortSignal): Promise<void> {
  const folders = new Set(files.map((file) => dirname(file.path)));
  for (const folder of [...folders].sort()) await mkdir(join(to, folder), { recursive: true });
  await Promise.all(
    files.map((file) =>
      copies(async () => {
        signal?.throwIfAborted();
        const target = join(to, file.path);
        if (file.kind === "link") {
          await symlink(await readlink(file.absolute), target);
          await lutimes(target, earliest, earliest);
          return;
        }
        await copySame(file, target, signal);
        await chmod(target, file.executable ? 0o755 : 0o644);
        await utimes(target, timeOf(file.hash), timeOf(file.hash));
      }),
    ),
  );
  const all = new Set([...folders].flatMap(parents));
  for (const folder of [...all].sort().reverse()) {
    await chmod(join(to, folder), 0o755);
    await utimes(join(to, folder), earliest, earliest);
  }
}

/** Copies a file, and holds the copy against what was hashed: an image must never be built from anything else. */
async function copySame({ absolute, hash }: SourceFile, target: string, signal?: AbortSignal): Promise<void> {
  await copyFile(absolute, target, constants.COPYFILE_FICLONE).catch(unreadable(absolute));
  if ((await hashContent(target, signal)) === hash) return;
  throw new UserError(
    {
      code: "source-changed",
      where: absolute,
      message: "changed while the sources were read",
      fix: "run the command again when nothing writes there, or exclude it in .dockerignore",
    },
    { exitCode: 1 },
  );
}

function parents(folder: string): string[] {
  return folder === "." ? ["."] : [folder, ...parents(dirname(folder))];
}
