import { type AliasConfiguration, paginateListAliases } from "@aws-sdk/client-lambda";
import type { Clients } from "./clients.ts";

/** All aliases of a function. */
export async function listAliases(
  clients: Clients,
  name: string,
  signal: AbortSignal,
): Promise<AliasConfiguration[]> {
  const aliases: AliasConfiguration[] = [];
  const pages = paginateListAliases(
    { client: clients.lambda },
    { FunctionName: name },
    { abortSignal: signal },
  );
  for await (const page of pages) aliases.push(...(page.Aliases ?? []));
  return aliases;
}
