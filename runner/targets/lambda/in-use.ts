import {
  type AliasConfiguration,
  type FunctionConfiguration,
  paginateListFunctions,
  paginateListVersionsByFunction,
} from "@aws-sdk/client-lambda";
import pMap from "p-map";
import { listAliases } from "../../aws/function-aliases.ts";
import { type ImageUse, parallelReads, type ReadContext } from "../image-use.ts";
import { getFunction, unlessMissing } from "./function.ts";

/** A version that a function runs, and for whom. */
interface Version {
  /** Undefined: $LATEST. */
  readonly qualifier: string | undefined;
  readonly where: string;
  readonly why: string;
}

/**
 * Every image that Lambda runs in the account and region: of $LATEST, and of every version that an alias
 * points to, those with a small part of the calls included. Beyond that, of every other version that is published:
 * each has its digest for good, and its ARN can be called. Only reads.
 */
export async function imagesInLambda({ clients, signal, beyond }: ReadContext): Promise<readonly ImageUse[]> {
  const functions = await imageFunctions({ clients, signal });
  const names = functions.flatMap(({ FunctionName }) => FunctionName ?? []);
  const found = await pMap(names, (name) => usesOfFunction({ clients, signal }, name), {
    concurrency: parallelReads,
    signal,
  });
  const uses = found.flatMap((one) => one.uses);
  if (beyond === undefined) return uses;
  const others = await beyond.search("Lambda versions without an alias", async () => {
    const versions = await pMap(
      names,
      (name, index) => otherVersions({ clients, signal }, name, found[index]?.versions ?? []),
      { concurrency: parallelReads, signal },
    );
    return versions.flat();
  });
  return [...uses, ...others];
}

/** What the published versions of a function run, besides those in use. */
async function otherVersions(
  { clients, signal }: ReadContext,
  name: string,
  known: readonly Version[],
): Promise<readonly ImageUse[]> {
  const inUse = new Set(known.map(({ qualifier }) => qualifier ?? "$LATEST"));
  const pages = paginateListVersionsByFunction(
    { client: clients.lambda },
    { FunctionName: name },
    { abortSignal: signal },
  );
  const versions: string[] = [];
  for await (const { Versions = [] } of pages) versions.push(...Versions.flatMap((one) => one.Version ?? []));
  const uses = await pMap(
    versions.filter((version) => !inUse.has(version)),
    async (version): Promise<readonly ImageUse[]> => {
      const reference = await imageOf({ clients, signal }, name, version);
      if (reference === undefined) return [];
      return [
        { reference, where: `lambda ${name}`, why: `version ${version}, no alias`, certainty: "starts" },
      ];
    },
    { concurrency: 2, signal },
  );
  return uses.flat();
}

async function imageOf(
  { clients, signal }: ReadContext,
  name: string,
  qualifier: string | undefined,
): Promise<string | undefined> {
  const found = await getFunction(clients, name, qualifier, signal);
  return found?.Code?.ResolvedImageUri ?? found?.Code?.ImageUri;
}

/** All functions that run an image. */
export async function imageFunctions({
  clients,
  signal,
}: ReadContext): Promise<readonly FunctionConfiguration[]> {
  const functions: FunctionConfiguration[] = [];
  const pages = paginateListFunctions({ client: clients.lambda }, {}, { abortSignal: signal });
  for await (const page of pages) {
    functions.push(...(page.Functions ?? []).filter(({ PackageType }) => PackageType === "Image"));
  }
  return functions;
}

async function usesOfFunction(
  { clients, signal }: ReadContext,
  name: string,
): Promise<{ readonly versions: readonly Version[]; readonly uses: readonly ImageUse[] }> {
  const aliases = await unlessMissing(listAliases(clients, name, signal));
  // Deleted since it was listed.
  if (aliases === undefined) return { versions: [], uses: [] };
  const versions = versionsOf(name, aliases);
  const uses = await pMap(
    Map.groupBy(versions, ({ qualifier }) => qualifier),
    async ([qualifier, users]) => {
      const reference = await imageOf({ clients, signal }, name, qualifier);
      return reference === undefined ? [] : users.map(({ where, why }) => ({ reference, where, why }));
    },
    { concurrency: 2, signal },
  );
  return { versions, uses: uses.flat() };
}

/** The versions that a function needs: $LATEST, and those of its aliases. */
export function versionsOf(name: string, aliases: readonly AliasConfiguration[]): readonly Version[] {
  const latest: Version = { qualifier: undefined, where: `lambda ${name}`, why: "$LATEST" };
  const aliased = aliases.flatMap(({ Name, FunctionVersion, RoutingConfig }): Version[] => {
    const where = `lambda ${name}:${Name}`;
    const weights = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
    return [
      ...(FunctionVersion === undefined
        ? []
        : [{ qualifier: FunctionVersion, where, why: `version ${FunctionVersion}` }]),
      ...weights.map(([version, weight]) => ({
        qualifier: version,
        where,
        why: `version ${version}, ${Math.round(weight * 100)} % of the calls`,
      })),
    ];
  });
  return [
    latest,
    ...aliased.map((one) => (one.qualifier === "$LATEST" ? { ...one, qualifier: undefined } : one)),
  ];
}
