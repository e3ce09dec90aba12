import { readdir } from "node:fs/promises";
import type { Problem } from "../problems/errors.ts";
import type { Locate } from "../problems/locate.ts";
import { didYouMean, nearest } from "../problems/nearest.ts";
import { problemsOf } from "../problems/problems.ts";
import type { Checked } from "../problems/yaml.ts";
import { type Settings, slipwaySchema } from "../settings.ts";
import { awsSchema, providerProblems } from "../stack/provider.ts";
import { stackFile } from "./description.ts";
import { readYaml } from "./read-yaml.ts";

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
