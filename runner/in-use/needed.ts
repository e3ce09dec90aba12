import type { Inventory, InventoryImage } from "../inventory/read.ts";
import type { Content, Entry } from "../registry/contents.ts";
import { parseReference } from "../registry/reference.ts";
import type { Session } from "../session/session.ts";
import type { ImageUse } from "../targets/image-use.ts";
import { type LetIn, readLetIn } from "./let-in.ts";
import type { InUseSet } from "./merge.ts";
import { inUseSet, readReleaseUses, registriesOf, runningDigests } from "./read.ts";
import { type Searched, searchAccount, searches, searchOthers } from "./search.ts";

/** What runs in the account or may be started there; `refused` if the credentials do not allow the search for what runs. */
export interface AccountUses {
  readonly uses: readonly ImageUse[];
  /** Places that may use images and could not be read. */
  readonly unseen: readonly string[];
  readonly refused?: unknown;
  /** Each search beyond what targets run, with why it could not be made. */
  readonly searched: readonly Searched[];
  /** Whom the repositories' own policies let pull. */
  readonly letIn: LetIn;
}

/**
 * Everything that runs an image, may start one, or may go back to one: in the account, and in the other accounts
 * that `slipway:inUse.profiles` names. What may not be asked is told, and is no failure. Takes longer than
 * `readAccountUses`, which is all that a deployment needs.
 *
 * @param repositories whose images are asked about: their policies say which other accounts may run them
 */
export async function accountUsesIfAllowed(
  session: Pick<Session, "directory" | "catalogue" | "settings" | "clients" | "signal">,
  repositories: readonly string[],
): Promise<AccountUses> {
  const { settings, signal } = session;
  const unseen: string[] = [];
  const { searched, search } = searches();
  const [own, others, { letIn, refused }] = await Promise.all([
    searchAccount({
      ...session,
      services: session.catalogue.services,
      beyond: { revisions: settings.inUse.revisions, search },
      unseen: (place) => unseen.push(place),
    }),
    searchOthers({ settings, signal }, search),
    readLetIn(session, repositories),
  ]);
  return {
    uses: [...own.uses, ...others],
    unseen,
    ...(own.refused !== undefined && { refused: own.refused }),
    searched: [...searched, ...refused].toSorted((one, other) => one.what.localeCompare(other.what)),
    letIn,
  };
}

/** Uses by the repository of their image; those of a reference that cannot be read are under undefined. */
export function usesByRepository(
  uses: readonly ImageUse[],
): ReadonlyMap<string | undefined, readonly ImageUse[]> {
  return Map.groupBy(uses, ({ reference }) => parseReference(reference)?.repository);
}

/** The images of a repository that something needs, from the account, keep tags and releases. */
export async function neededImages(
  session: Pick<Session, "clients" | "signal" | "settings" | "caller" | "registry">,
  { repository, images }: Pick<Inventory, "repository" | "images">,
  account: readonly ImageUse[],
): Promise<InUseSet> {
  const contents = images.filter(({ archivedAt }) => archivedAt === undefined).map(entryOf);
  const { stack } = session.settings;
  const sources = { stack, repository, registries: registriesOf(session), account, contents };
  const releases = await readReleaseUses(session, repository, contents, runningDigests(sources));
  return inUseSet({ ...sources, releases });
}

function entryOf({ digest, tags, pushedAt, ...image }: InventoryImage): Entry {
  return { digest, tags, pushedAt, content: contentOf(image) };
}

function contentOf({
  kind,
  type,
  children,
  subject,
  blobs,
}: Omit<InventoryImage, "digest" | "tags" | "pushedAt">): Content {
  switch (kind) {
    case "index":
      return {
        kind,
        artifactType: type === "" ? undefined : type,
        children: children.map((digest) => ({ digest, platform: undefined })),
      };
    case "manifest":
      return { kind, type, subject, blobs };
    case "unknown":
      return { kind };
  }
}
