import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Catalogue, catalogueSchema, resolveCatalogue } from "../catalogue/catalogue.ts";
import { type Problem, UserError } from "../problems/errors.ts";
import { type Locate, located } from "../problems/locate.ts";
import { didYouMean, nearest } from "../problems/nearest.ts";
import { problemsOf } from "../problems/problems.ts";
import { type Checked, type ParsedYaml, parseYaml } from "../problems/yaml.ts";
import { awsSchema, providerProblems } from "../stack/provider.ts";
import { type Settings, slipwaySchema } from "../stack/settings.ts";
import { checkStack } from "./check.ts";
import { namesStackAlarms, withStackAlarms } from "./deployment-alarms.ts";
import { catalogueFile, projectFile, type StackDescription, stackFile } from "./description.ts";
import { needsProblems } from "./needs.ts";
import { withJoinedTargets } from "./same-target.ts";
import { missingSources } from "./sources.ts";
import { readTextFile } from "./text-file.ts";

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
    loadCatalogue(directory, stack, options),
    loadSettings(directory, stack),
  ]);
  const description = checked(directory, catalogue, settings);
  if (!namesStackAlarms(description.catalogue)) return description;
  return withStackAlarms(description, await projectName(directory));
}

/** Name of the Pulumi project. */
async function projectName(directory: string): Promise<string> {
  const read = await readYaml(directory, projectFile);
  if (!("value" in read)) throw new UserError(read.problems);
  const name = (read.value as { name?: unknown } | null)?.name;
  if (typeof name === "string") return name;
  throw new UserError({ code: "missing-key", where: projectFile, key: "name", message: "is missing" });
}

/**
 * Combines both files into one description, if neither has problems alone or in combination.
 *
 * @throws UserError with every problem at once
 */
export function checked(
  directory: string,
  catalogue: Checked<Catalogue>,
  settings: Checked<Settings>,
): StackDescription {
  const problems: Problem[] = [...problemsIn(catalogue), ...problemsIn(settings)];
  if ("value" in catalogue && "value" in settings) {
    const description = { directory, catalogue: catalogue.value, settings: settings.value };
    problems.push(
      ...located(checkStack(description), {
        [catalogueFile]: catalogue.locate,
        [stackFile(settings.value.stack)]: settings.locate,
      }),
    );
    if (problems.length === 0) {
      const services = withJoinedTargets(catalogue.value.services);
      return { ...description, catalogue: { ...catalogue.value, services } };
    }
  }
  throw new UserError(problems);
}

/** Problems of a checked value; none if it is valid. */
export function problemsIn(checked: Checked<unknown>): readonly Problem[] {
  return "problems" in checked ? checked.problems : [];
}

/** Reads and checks services.yaml, and checks that every context and Dockerfile exists. */
export async function loadCatalogue(
  directory: string,
  stack: string,
  { sources = true }: LoadOptions = {},
): Promise<Checked<Catalogue>> {
  const read = await readYaml(directory, catalogueFile);
  if (!("value" in read)) return read;
  const parsed = catalogueSchema.safeParse(read.value);
  if (!parsed.success) {
    return { problems: problemsOf(parsed.error, catalogueSchema, read.value, read.locate) };
  }
  const catalogue = resolveCatalogue(parsed.data, stack);
  const problems = [
    ...located(needsProblems(catalogue), { [catalogueFile]: read.locate }),
    ...(await missingSources(directory, catalogue, sources, read.locate)),
  ];
  return problems.length > 0 ? { problems } : { value: catalogue, locate: read.locate };
}

/** Reads Pulumi.<stack>.yaml and checks Slipway's keys. */
export async function loadSettings(directory: string, stack: string): Promise<Checked<Settings>> {
  const file = stackFile(stack);
  const stacks = await listStacks(directory);
  if (!stacks.includes(stack)) {
    return {
      problems: [
        {
          code: "unknown-stack",
          where: file,
          message: `this project has no stack "${stack}"`,
          fix: didYouMean(stack, stacks),
        },
      ],
    };
  }
  const read = await readYaml(directory, file);
  if (!("value" in read)) return read;
  const config = (read.value as { config?: unknown } | null)?.config ?? {};
  const locate: Locate = (path) => read.locate(["config", ...path]);
  const parsed = parseSettings(config as Record<string, unknown>, stack, locate);
  return "value" in parsed ? { ...parsed, locate } : parsed;
}

/**
 * Checks a stack's configuration as a flat map of `namespace:key` → value. The program passes the engine's
 * values and the runner those of the file, so one schema serves both.
 *
 * @param where the file, or where in it a key of the configuration is
 */
export function parseSettings(
  config: Readonly<Record<string, unknown>>,
  stack: string,
  where: string | ((path: readonly PropertyKey[]) => string),
): Checked<Settings> {
  const locate = typeof where === "string" ? () => where : where;
  const section = (namespace: string) =>
    Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => key.startsWith(`${namespace}:`))
        .map(([key, value]) => [key.slice(namespace.length + 1), value]),
    );
  const inNamespace =
    (prefix: string) =>
    ([first, ...rest]: readonly PropertyKey[]) =>
      locate(first === undefined ? [] : [`${prefix}${String(first)}`, ...rest]);
  const rawAws = section("aws");
  const rawSlipway = section("slipway");
  // What is refused by name is not told of a second time, by its form.
  const refused = providerProblems(rawAws);
  const aws = awsSchema.safeParse(omit(rawAws, refused));
  const slipway = slipwaySchema.safeParse(rawSlipway);
  const misspelt = misspeltNamespaces(config, locate);
  const unlike = refused.map(
    ({ key, message, fix }): Problem => ({
      code: "unlike-halves",
      where: locate([`aws:${key}`]),
      key: `aws:${key}`,
      message,
      fix,
    }),
  );
  if (aws.success && slipway.success && misspelt.length === 0 && unlike.length === 0)
    return { value: { ...slipway.data, aws: aws.data, stack } };
  return {
    problems: [
      ...misspelt,
      ...unlike,
      ...(aws.success ? [] : problemsOf(aws.error, awsSchema, rawAws, inNamespace("aws:"), "aws:")),
      ...(slipway.success
        ? []
        : problemsOf(slipway.error, slipwaySchema, rawSlipway, inNamespace("slipway:"), "slipway:")),
    ],
  };
}

function omit(
  written: Readonly<Record<string, unknown>>,
  keys: readonly { readonly key: string }[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(written).filter(([name]) => !keys.some(({ key }) => key === name)),
  );
}

/** Keys such as `slipwy:tags`, which nobody reads and which would be ignored silently. */
function misspeltNamespaces(
  config: Readonly<Record<string, unknown>>,
  locate: (path: readonly PropertyKey[]) => string,
): Problem[] {
  return Object.keys(config).flatMap((key) => {
    const [namespace = "", name] = key.split(":", 2);
    if (name === undefined || namespace === "slipway" || nearest(namespace, ["slipway"]) === undefined)
      return [];
    return [
      {
        code: "unknown-key",
        where: locate([key]),
        key,
        message: "is not a known key",
        fix: `did you mean "slipway:${name}"?`,
      },
    ];
  });
}

/** Sorted names of the stacks with a file in the project. */
export async function listStacks(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []).sort();
}

async function readYaml(
  directory: string,
  file: string,
): Promise<ParsedYaml | { readonly problems: readonly Problem[] }> {
  const read = await readTextFile(join(directory, file), file);
  if (read === undefined) {
    return {
      problems: [
        {
          code: "missing-file",
          where: file,
          message: `is not in ${directory}`,
          fix: "run the command in the project's directory, or name that directory with --cwd",
        },
      ],
    };
  }
  return "problem" in read ? { problems: [read.problem] } : parseYaml(read.text, file);
}
