import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import { isGlob, isStaged, layoutOfContext } from "../catalogue/contexts.ts";
import { dockerfileIn, lowerCaseDockerfile } from "../catalogue/dockerfile.ts";
import type { Problem } from "../problems/errors.ts";
import type { Locate } from "../problems/locate.ts";
import { keyText } from "../problems/problems.ts";
import { catalogueFile } from "./description.ts";
import { withNeeded } from "./needs.ts";
import { linkCircle } from "./text-file.ts";

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
    services.map(async (service) => {
      const check = (path: string, kind: Kind, ...key: PropertyKey[]) =>
        fileProblem(directory, path, kind, ["services", service.name, ...key], locate);
      const context = await check(service.context, "directory", "context");
      const others = await Promise.all([
        dockerfileProblem(directory, service, context !== undefined, locate),
        ...Object.entries(service.contexts)
          .filter(([, location]) => isStaged(location))
          .map(([name, location]) =>
            check(layoutOfContext(location)?.folder ?? location, "directory", "contexts", name),
          ),
        ...service.extraInputs.flatMap((path, index) =>
          isGlob(path) ? [] : [check(path, "either", "extraInputs", index)],
        ),
      ]);
      return [context, ...others].filter((problem) => problem !== undefined);
    }),
  );
  return found.flat();
}

type Kind = "directory" | "file" | "either";

/** A default Dockerfile of a context that has a problem itself needs no second one. */
async function dockerfileProblem(
  directory: string,
  service: Service,
  contextHasProblem: boolean,
  locate: Locate,
): Promise<Problem | undefined> {
  const missing = missingDockerfile(service);
  const isDefault = service.dockerfile === dockerfileIn(service.context);
  if (isDefault && contextHasProblem) return undefined;
  const at = ["services", service.name, isDefault ? "context" : "dockerfile"];
  const lower = lowerCaseDockerfile(service.dockerfile);
  if (lower !== undefined && (await fileProblem(directory, lower, "file", at, locate)) === undefined) {
    return undefined;
  }
  const problem = await fileProblem(directory, service.dockerfile, "file", at, locate);
  return problem?.code === "missing-file" && problem.message === doesNotExist
    ? { ...missing, where: locate(at) }
    : problem;
}

/** The problem of a service without a Dockerfile: of its context, if the catalogue names no Dockerfile. */
export function missingDockerfile({ name, context, dockerfile }: Service): Problem {
  const problem = { code: "missing-file", where: catalogueFile } as const;
  return dockerfile === dockerfileIn(context)
    ? {
        ...problem,
        key: keyText(["services", name, "context"]),
        value: context,
        message: "has no Dockerfile",
        fix: `create ${dockerfile}, or name another file with services.${name}.dockerfile`,
      }
    : {
        ...problem,
        key: keyText(["services", name, "dockerfile"]),
        value: dockerfile,
        message: doesNotExist,
        fix: correctPath,
      };
}

const doesNotExist = "does not exist";
const correctPath = `correct the path, relative to the directory of ${catalogueFile}, or create it`;

async function fileProblem(
  directory: string,
  path: string,
  kind: Kind,
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
  const problem = {
    code: kind === "directory" ? "missing-context" : "missing-file",
    where: locate(at),
    key,
    value: path,
  } as const;
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof found !== "object") {
    return found === "ELOOP"
      ? {
          ...problem,
          message: linkCircle,
          fix: `point the link at the ${kind === "either" ? "file or directory" : kind}`,
        }
      : { ...problem, message: doesNotExist, fix: correctPath };
  }
  const fits = kind === "either" || (kind === "directory" ? found.isDirectory() : found.isFile());
  return fits ? undefined : { ...problem, message: `is not a ${kind}`, fix: correctPath };
}
