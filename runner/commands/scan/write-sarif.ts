import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { serviceNamed } from "../../../config/catalogue/by-name.ts";
import type { Catalogue } from "../../../config/catalogue/catalogue.ts";
import packageDescription from "../../../package.json" with { type: "json" };
import type { ScanDocument } from "./document.ts";
import { lineOfFrom, toSarif } from "./sarif.ts";

/** The files that were written, and what they leave out. */
export interface WrittenSarif {
  readonly files: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Writes the findings of a scan to a file in SARIF, and to further ones beside it (`scan-2.sarif`) where there are
 * more images than GitHub takes in one.
 *
 * @param file relative to the working directory
 * @param project the project's directory, and its services
 */
export async function writeSarif(
  document: ScanDocument,
  file: string,
  project: { readonly directory: string; readonly catalogue: Catalogue },
  environment: NodeJS.ProcessEnv,
): Promise<WrittenSarif> {
  const { directory, catalogue } = project;
  const { files, leftOut } = toSarif(document, {
    version: packageDescription.version,
    folder: folderInCheckout(directory, environment),
    fromLines: await fromLinesOf(document, directory, catalogue),
  });
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true });
  const extension = extname(path);
  const names = files.map((_, index) =>
    index === 0 ? path : `${path.slice(0, path.length - extension.length)}-${index + 1}${extension}`,
  );
  await Promise.all(files.map((log, index) => writeFile(names[index] ?? path, `${JSON.stringify(log)}\n`)));
  return { files: names, leftOut };
}

/** The project's folder as GitHub knows it; empty outside a job, or when the project is the whole checkout. */
function folderInCheckout(directory: string, { GITHUB_WORKSPACE: checkout }: NodeJS.ProcessEnv): string {
  const folder = relative(checkout ?? directory, directory);
  return folder.startsWith("..") || isAbsolute(folder) ? "" : folder.split(sep).join("/");
}

/** Where a service's Dockerfile is not there, as in a sparse checkout, its findings are at its first line. */
async function fromLinesOf(
  { images }: ScanDocument,
  directory: string,
  catalogue: Catalogue,
): Promise<ReadonlyMap<string, number>> {
  const dockerfiles = new Map(images.map(({ service, dockerfile }) => [service, dockerfile]));
  const lines = await Promise.all(
    [...dockerfiles].map(async ([service, dockerfile]) => {
      const text = await readFile(join(directory, dockerfile), "utf8").catch(() => "");
      const line = lineOfFrom(text, serviceNamed(catalogue.services, service)?.stage);
      return line === undefined ? [] : [[service, line] as const];
    }),
  );
  return new Map(lines.flat());
}
