import {
  type AliasConfiguration,
  type FunctionConfiguration,
  paginateListFunctions,
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
 * points to, those with a small part of the calls included. Only reads.
 */
export async function imagesInLambda({ clients, signal }: ReadContext): Promise<readonly ImageUse[]> {
  const functions = await imageFunctions({ clients, signal });
  const names = functions.flatMap(({ FunctionName }) => FunctionName ?? []);
  const uses = await pMap(names, (name) => usesOfFunction({ clients, signal }, name), {
    concurrency: parallelReads,
    signal,
  });
  return uses.flat();
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

async function usesOfFunction({ clients, signal }: ReadContext, name: string): Promise<readonly ImageUse[]> {
  const aliases = await unlessMissing(listAliases(clients, name, signal));
  // Deleted since it was listed.
  if (aliases === undefined) return [];
  const versions = versionsOf(name, aliases);
  const uses = await pMap(
    Map.groupBy(versions, ({ qualifier }) => qualifier),
    async ([qualifier, users]) => {
      const found = await getFunction(clients, name, qualifier, signal);
      const reference = found?.Code?.ResolvedImageUri ?? found?.Code?.ImageUri;
      return reference === undefined ? [] : users.map(({ where, why }) => ({ reference, where, why }));
    },
    { concurrency: 2, signal },
  );
  return uses.flat();
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
