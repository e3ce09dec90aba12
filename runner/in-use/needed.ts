import { hasCode } from "../aws/errors.ts";
import type { Inventory, InventoryImage } from "../inventory/read.ts";
import type { Content, Entry } from "../registry/contents.ts";
import type { Session } from "../session/session.ts";
import type { ImageUse } from "../targets/image-use.ts";
import type { InUseSet } from "./merge.ts";
import { inUseSet, readAccountUses, readReleaseUses, registriesOf, runningDigests } from "./read.ts";

/** What runs in the account; `refused` if the credentials do not allow the search. */
export interface AccountUses {
  readonly uses: readonly ImageUse[];
  /** Places that may use images and could not be read. */
  readonly unseen: readonly string[];
  readonly refused?: unknown;
}

/** What runs in the account, or that it may not be asked. */
export async function accountUsesIfAllowed(
  session: Pick<Session, "directory" | "catalogue" | "clients" | "signal">,
): Promise<AccountUses> {
  const unseen: string[] = [];
  try {
    const uses = await readAccountUses(session, (place) => unseen.push(place));
    return { uses, unseen };
  } catch (error) {
    if (!hasCode(error, "access-denied")) throw error;
    return { uses: [], unseen, refused: error };
  }
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
