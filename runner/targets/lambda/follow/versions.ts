import {
  type AliasConfiguration,
  DeleteFunctionCommand,
  paginateListVersionsByFunction,
} from "@aws-sdk/client-lambda";
import { getFunction } from "../function.ts";
import { sameDigest } from "../plan.ts";
import type { FunctionUpdate } from "./until.ts";

/** An alias as far as it matters which versions it uses. */
type AliasUse = Pick<AliasConfiguration, "FunctionVersion" | "RoutingConfig">;

/** Versions that an alias sends invocations to. */
export function versionsOf(alias: AliasUse): string[] {
  return [
    ...(alias.FunctionVersion === undefined ? [] : [alias.FunctionVersion]),
    ...Object.keys(alias.RoutingConfig?.AdditionalVersionWeights ?? {}),
  ];
}

/**
 * The published versions to delete, the oldest first: all but the newest `keep`, and never one that an
 * alias uses or that is needed to go back. $LATEST is none of them.
 *
 * @param needed versions that stay at any age: the one that runs, and the one before it
 */
export function surplusVersions(
  versions: readonly string[],
  aliases: readonly AliasUse[],
  keep: number,
  needed: readonly string[],
): string[] {
  const used = new Set([...aliases.flatMap(versionsOf), ...needed]);
  return versions
    .filter((version) => /^\d+$/.test(version))
    .toSorted((a, b) => Number(b) - Number(a))
    .slice(keep)
    .filter((version) => !used.has(version))
    .toReversed();
}

/** Whether an alias sends invocations to a version. */
export function isUsed(version: string, aliases: readonly AliasUse[]): boolean {
  return aliases.some((alias) => versionsOf(alias).includes(version));
}

/** Numbers of all published versions of the function. */
export async function listVersions({
  clients,
  target,
  signal,
}: Pick<FunctionUpdate, "clients" | "target" | "signal">): Promise<string[]> {
  const versions: string[] = [];
  const pages = paginateListVersionsByFunction(
    { client: clients.lambda },
    { FunctionName: target.function },
    { abortSignal: signal },
  );
  for await (const page of pages) versions.push(...(page.Versions ?? []).flatMap((one) => one.Version ?? []));
  return versions;
}

/** Deletes one published version. Lambda itself refuses one that an alias uses. */
export async function deleteVersion({ clients, target }: FunctionUpdate, version: string): Promise<void> {
  // Without a qualifier the same call deletes the function.
  if (!/^\d+$/.test(version)) throw new Error(`${version} is not the number of a version`);
  await clients.lambda.send(new DeleteFunctionCommand({ FunctionName: target.function, Qualifier: version }));
}

/**
 * The version that an earlier release of this image published, if it still exists and has the image: then
 * going back publishes nothing.
 *
 * @param version its number; undefined: there was none
 * @param reference of the image's manifest, by digest
 */
export async function reusableVersion(
  { clients, target, signal }: Pick<FunctionUpdate, "clients" | "target" | "signal">,
  version: string | undefined,
  reference: string,
): Promise<string | undefined> {
  if (version === undefined) return undefined;
  const found = await getFunction(clients, target.function, version, signal);
  return sameDigest(found?.Code?.ResolvedImageUri ?? found?.Code?.ImageUri, reference) ? version : undefined;
}
