import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import { isGlob, isStaged, layoutOfContext } from "../catalogue/contexts.ts";
import type { Problem } from "../problems/errors.ts";
import type { Locate } from "../problems/locate.ts";
import { keyText } from "../problems/problems.ts";
import { catalogueFile } from "./description.ts";
import { withNeeded } from "./needs.ts";

function servicesWithSources(
  { services }: Catalogue,
  sources: boolean | readonly string[],
): readonly Service[] {
  if (typeof sources === "boolean") return sources ? services : [];
  const named = new Set(sources);
  return withNeeded(
    services.filter(({ name }) => named.has(name)),
    services,
  );
}

/**
 * Contexts, Dockerfiles and other sources that are not there.
 *
 * @param sources of which services: of all, of none, or of these and of those that they are built from
 */
export async function missingSources(
  directory: string,
  catalogue: Catalogue,
  sources: boolean | readonly string[],
  locate: Locate,
): Promise<Problem[]> {
  const services = servicesWithSources(catalogue, sources);
  const found = await Promise.all(
    services.flatMap((service) => {
      const check = (path: string, kind: "directory" | "file" | "either", ...key: PropertyKey[]) =>
        fileProblem(directory, path, kind, ["services", service.name, ...key], locate);
      return [
        check(service.context, "directory", "context"),
        check(service.dockerfile, "file", "dockerfile"),
        ...Object.entries(service.contexts)
          .filter(([, location]) => isStaged(location))
          .map(([name, location]) =>
            check(layoutOfContext(location)?.folder ?? location, "directory", "contexts", name),
          ),
        ...service.extraInputs.flatMap((path, index) =>
          isGlob(path) ? [] : [check(path, "either", "extraInputs", index)],
        ),
      ];
    }),
  );
  return found.filter((problem) => problem !== undefined);
}

async function fileProblem(
  directory: string,
  path: string,
  kind: "directory" | "file" | "either",
  at: readonly PropertyKey[],
  locate: Locate,
): Promise<Problem | undefined> {
  const key = keyText(at);
  const absolute = resolve(directory, path);
  if (relative(directory, absolute).startsWith("..")) {
    return {
      code: "outside-project",
      where: locate(at),
      key,
      value: path,
      message: "is outside the project's directory",
      fix: "move it into the project, or move the project to a parent directory",
    };
  }
  let loops = false;
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    loops = error.code === "ELOOP";
    return undefined;
  });
  const fits =
    found !== undefined &&
    (kind === "either" || (kind === "directory" ? found.isDirectory() : found.isFile()));
  if (fits) return undefined;
  return {
    code: kind === "directory" ? "missing-context" : "missing-file",
    where: locate(at),
    key,
    value: path,
    message: loops
      ? "is a symbolic link to itself"
      : found === undefined
        ? "does not exist"
        : `is not a ${kind}`,
    fix: `correct the path, relative to the directory of ${catalogueFile}, or create it`,
  };
}
