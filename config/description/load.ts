import { type Catalogue, catalogueSchema, resolveCatalogue } from "../catalogue/catalogue.ts";
import { type Problem, UserError } from "../problems/errors.ts";
import { located } from "../problems/locate.ts";
import { problemsOf } from "../problems/problems.ts";
import type { Checked, ParsedYaml } from "../problems/yaml.ts";
import type { Settings } from "../settings.ts";
import { checkStack } from "./check.ts";
import { namesStackAlarms, withStackAlarms } from "./deployment-alarms.ts";
import { catalogueFile, projectFile, type StackDescription, stackFile } from "./description.ts";
import { needsProblems } from "./needs.ts";
import { readYaml } from "./read-yaml.ts";
import { withJoinedTargets } from "./same-target.ts";
import { selectServices } from "./selection.ts";
import { loadSettings } from "./settings.ts";
import { missingSources } from "./sources.ts";

export interface LoadOptions {
  /**
   * Whether contexts, Dockerfiles and other sources must be there: of all services, of none, or of these and
   * of those that they are built from. Default: true.
   */
  readonly sources?: boolean | readonly string[];
}

/**
 * Reads services.yaml and Pulumi.<stack>.yaml and checks both, and that the files they name exist.
 *
 * @param directory the project's directory, absolute
 * @throws UserError with every problem of both files at once
 */
export async function loadStack(
  directory: string,
  stack: string,
  options: LoadOptions = {},
): Promise<StackDescription> {
  const [catalogue, settings] = await Promise.all([
    loadCatalogue(directory, stack),
    loadSettings(directory, stack),
  ]);
  const description = await checked(directory, catalogue, settings, options);
  if (!namesStackAlarms(description.catalogue)) return description;
  return withStackAlarms(description, await projectName(directory));
}

/**
 * Name of the Pulumi project.
 *
 * @throws UserError if Pulumi.yaml has none
 */
export async function projectName(directory: string): Promise<string> {
  const read = await readYaml(directory, projectFile);
  if (!("value" in read)) throw new UserError(read.problems);
  const name = (read.value as { name?: unknown } | null)?.name;
  if (typeof name === "string") return name;
  throw new UserError({ code: "missing-key", where: projectFile, key: "name", message: "is missing" });
}

/**
 * Combines both files into one description, if neither has problems alone or in combination, and the sources
 * are there. The catalogue of a description has the services that `slipway:services` selects.
 *
 * @throws UserError with every problem at once
 */
export async function checked(
  directory: string,
  catalogue: Checked<Catalogue>,
  settings: Checked<Settings>,
  { sources = true }: LoadOptions = {},
): Promise<StackDescription> {
  const problems: Problem[] = [...problemsIn(catalogue), ...problemsIn(settings)];
  if (!("value" in catalogue)) throw new UserError(problems);
  const { value: whole, locate } = catalogue;
  problems.push(...located(needsProblems(whole), { [catalogueFile]: locate }));
  const selected = "value" in settings ? selectServices(whole, settings.value.services) : whole;
  if ("value" in settings) {
    const description = { directory, catalogue: selected, settings: settings.value };
    problems.push(
      ...located(checkStack(description, whole), {
        [catalogueFile]: locate,
        [stackFile(settings.value.stack)]: settings.locate,
      }),
    );
  }
  problems.push(...(await missingSources(directory, selected, sources, locate ?? (() => catalogueFile))));
  if (problems.length > 0 || !("value" in settings)) throw new UserError(problems);
  const services = withJoinedTargets(selected.services);
  return { directory, catalogue: { ...selected, services }, settings: settings.value };
}

/** Problems of a checked value; none if it is valid. */
export function problemsIn(checked: Checked<unknown>): readonly Problem[] {
  return "problems" in checked ? checked.problems : [];
}

/** Reads services.yaml, and checks it on its own. */
export async function loadCatalogue(directory: string, stack: string): Promise<Checked<Catalogue>> {
  const read = await readYaml(directory, catalogueFile);
  return "value" in read ? readCatalogue(read, stack) : read;
}

/** The catalogue that a parsed services.yaml is, as one stack sees it. */
export function readCatalogue({ value, locate }: ParsedYaml, stack: string): Checked<Catalogue> {
  const parsed = catalogueSchema.safeParse(value);
  return parsed.success
    ? { value: resolveCatalogue(parsed.data, stack), locate }
    : { problems: problemsOf(parsed.error, catalogueSchema, value, locate) };
}
