import pMap from "p-map";
import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import type { Settings } from "../../config/settings.ts";
import { targetsOfKind } from "../../config/targets/kinds.ts";
import { assertAccount } from "../aws/account.ts";
import { createClients, endpointOf } from "../aws/clients.ts";
import { hasCode } from "../aws/errors.ts";
import { isAws } from "../aws/rates.ts";
import type { Session } from "../session/session.ts";
import type { Beyond, ImageUse } from "../targets/image-use.ts";
import { allKinds } from "../targets/kinds.ts";
import { sources } from "./sources/all.ts";
import type { SourceContext, UseSource } from "./sources/source.ts";

/** A search for images in use. */
export interface Searched {
  /** What was looked at: `CodeBuild projects` */
  readonly what: string;
  /** References to images that it found, of any registry. */
  readonly found: number;
  /** Why it could not be made: AWS's answer. */
  readonly refused?: string;
}

type Search = Beyond["search"];

/** Where searches are noted as they end. */
export function searches(): { readonly searched: Searched[]; readonly search: Search } {
  const searched: Searched[] = [];
  const search: Search = async (what, work) => {
    try {
      const uses = await work();
      searched.push({ what, found: uses.length });
      return uses;
    } catch (error) {
      if (isAbort(error) || !isAnswer(error)) throw error;
      searched.push({ what, found: 0, refused: firstLine(error) });
      return [];
    }
  };
  return { searched, search };
}

/** Whether it is AWS's answer, or that there was none; anything else is a bug of ours. */
export function isAnswer(error: unknown): boolean {
  if (error instanceof UserError) return true;
  return error instanceof Error && ["$fault", "$metadata", "$response"].some((name) => name in error);
}

interface AccountContext extends Pick<Session, "settings" | "clients" | "signal"> {
  readonly beyond: Beyond;
  /** Is told of each place of the project's own targets that could not be read. */
  readonly unseen?: (place: string) => void;
}

/**
 * What runs in an account and what may start there: of all kinds of target, and of the other sources. What AWS
 * refuses of the kinds is returned, and of the sources noted.
 */
export async function searchAccount(
  context: AccountContext & Pick<Session, "directory" | "services">,
): Promise<{ readonly uses: readonly ImageUse[]; readonly refused?: unknown }> {
  const { directory, services, clients, signal, beyond, unseen = () => {} } = context;
  const [ofKinds, ofSources] = await Promise.all([
    pMap(allKinds(), async (kind) => {
      try {
        const targets = targetsOfKind(kind, services);
        return { uses: await kind.inUse({ directory, clients, signal, beyond, unseen }, targets) };
      } catch (error) {
        if (!hasCode(error, "access-denied")) throw error;
        return { uses: [], refused: error };
      }
    }),
    searchSources(context),
  ]);
  const refused = ofKinds.find((one) => one.refused !== undefined)?.refused;
  return {
    uses: [...ofKinds.flatMap(({ uses }) => uses), ...ofSources],
    ...(refused !== undefined && { refused }),
  };
}

async function searchSources({
  settings,
  clients,
  signal,
  beyond,
}: AccountContext): Promise<readonly ImageUse[]> {
  const wanted = sources.filter(({ isWanted }) => isWanted?.(settings) ?? true);
  const found = await pMap(wanted, (source) =>
    beyond.search(source.what, () => readSource(source, { settings, clients, signal })),
  );
  return found.flat();
}

async function readSource(source: UseSource, context: SourceContext): Promise<readonly ImageUse[]> {
  const { settings } = context;
  // With a local AWS, a service that it does not have must not be looked for in the real one.
  if (endpointOf(settings, source.service) === undefined && !isAws(endpointOf(settings, "ecs"))) {
    throw new UserError(
      {
        code: "unreachable",
        where: "aws:endpoints",
        message: `has no address for ${source.service}`,
        fix: `add ${source.service}, if the local AWS has it`,
      },
      { exitCode: 1 },
    );
  }
  return source.read(context);
}

/** What runs and may start in the other accounts that the settings have a profile for. */
export async function searchOthers(
  { settings, signal }: Pick<Session, "settings" | "signal">,
  search: Search,
): Promise<readonly ImageUse[]> {
  const found = await pMap(Object.entries(settings.inUse.profiles), ([account, profile]) =>
    search(`what runs in account ${account} (profile ${profile})`, () =>
      usesOfOther({ settings, signal, search }, account, profile),
    ),
  );
  return found.flat();
}

/** @throws UserError also when the profile is of another account, or AWS refuses to say what runs there */
async function usesOfOther(
  { settings, signal, search }: Pick<Session, "settings" | "signal"> & { readonly search: Search },
  account: string,
  profile: string,
): Promise<readonly ImageUse[]> {
  const { region, endpoints, useFipsEndpoint, useDualstackEndpoint } = settings.aws;
  const theirs: Settings = {
    ...settings,
    aws: { region, profile, endpoints, useFipsEndpoint, useDualstackEndpoint, allowedAccountIds: [account] },
  };
  const clients = createClients(theirs, { signal });
  try {
    await assertAccount(clients, theirs, signal);
    const beyond: Beyond = {
      revisions: settings.inUse.revisions,
      search: (what, work) => search(`${what}, in account ${account}`, work),
    };
    // Without targets of its own: manifests in git are the project's, and are read with its own account.
    const { uses, refused } = await searchAccount({
      settings: theirs,
      clients,
      signal,
      beyond,
      directory: ".",
      services: [],
    });
    if (refused !== undefined) throw refused;
    return uses.map((use) => ({ ...use, where: `account ${account}, ${use.where}` }));
  } finally {
    clients.destroy();
  }
}
