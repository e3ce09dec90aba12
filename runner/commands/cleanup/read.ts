import pMap from "p-map";
import { cacheRepositoryName, repositoryName, stackOfReleaseTag } from "../../../config/names.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { CleanupImage, CleanupKind, CleanupRepository } from "../../../lifecycle/cleanup/model.ts";
import { ifAllowed } from "../../aws/errors.ts";
import { openGit } from "../../git/git.ts";
import { type PullRequestStates, readPullRequestStates } from "../../github/pull-request-states.ts";
import { type Coverage, coverageOf } from "../../in-use/blind-spots.ts";
import type { InUseSet } from "../../in-use/merge.ts";
import { accountUsesIfAllowed, neededImages, usesByRepository } from "../../in-use/needed.ts";
import { staleTags } from "../../in-use/retire.ts";
import { type Inventory, readInventories } from "../../inventory/read.ts";
import { readContent } from "../../registry/configuration.ts";
import { connectToRegistry } from "../../registry/connection.ts";
import { listRepositories } from "../../registry/removal/removal.ts";
import { readNewestRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import type { ImageUse } from "../../targets/image-use.ts";
import { pullRequestTags, repositoryOfRemote } from "./pull-requests.ts";

/** What a clean-up decides by. */
export interface ReadRegistry {
  readonly repositories: readonly CleanupRepository[];
  readonly coverage: Coverage;
  /** Why what runs in the account could not be read; undefined if it could. */
  readonly accountUnseen: string | undefined;
  readonly pullRequests: PullRequestStates;
  /** Repositories with the stack's prefix that no service of services.yaml has. */
  readonly withoutService: readonly string[];
  /** Repositories that do not exist. */
  readonly missing: readonly string[];
}

/** Label with the hash of the source that an image was built from: builder/labels.ts. */
const sourceLabel = "dev.slipway.source-hash";

/**
 * Reads the repositories of the selected services, the build cache and the named repositories of removed services,
 * what is needed of them, and whether the pull requests of their tags are closed. Only reads.
 *
 * @param removed names of repositories, which must be of no service
 * @throws UserError for a repository that a service has
 */
export async function readForCleanup(
  session: Session,
  { kinds, removed }: { readonly kinds: readonly CleanupKind[]; readonly removed: readonly string[] },
): Promise<ReadRegistry> {
  const { clients, registry, signal, settings, services, timeline } = session;
  const own = ownRepositories(session);
  refuseOwn(removed, own);
  return timeline.run({ id: "cleanup read", title: "Read the repositories, and what runs" }, async () => {
    const cache =
      kinds.includes("caches") && settings.cache.kind === "registry" ? [cacheRepositoryName(settings)] : [];
    const names = [...services.map((service) => repositoryName(settings, service)), ...cache, ...removed];
    const [inventories, account, withoutService] = await Promise.all([
      readInventories({ clients, registry, signal }, [...new Set(names)]),
      accountUsesIfAllowed(session, [...new Set(names)]),
      repositoriesWithoutService(session, own),
    ]);
    const uses = usesByRepository(account.uses);
    const repositories = await pMap(
      inventories,
      async (inventory): Promise<CleanupRepository> => {
        const isRemoved = removed.includes(inventory.repository);
        const used = uses.get(inventory.repository) ?? [];
        const [needed, images] = await Promise.all([
          isRemoved ? neededOfRemoved(session, inventory, used) : neededImages(session, inventory, used),
          isRemoved ? inventory.images : describedImages(session, inventory, kinds),
        ]);
        return { repository: inventory.repository, images, needed, isRemoved };
      },
      { concurrency: 8, signal },
    );
    const there = new Set(inventories.map(({ repository }) => repository));
    return {
      repositories,
      coverage: coverageOf(settings, session.caller.account, account),
      accountUnseen: account.refused === undefined ? undefined : firstLine(account.refused),
      pullRequests: await pullRequestsOf(session, repositories, kinds),
      withoutService: withoutService.filter((name) => !removed.includes(name)),
      missing: names.filter((name) => !there.has(name)),
    };
  });
}

/** Repositories that services or the build cache have, also services that the stack leaves out. */
function ownRepositories({ settings, catalogue }: Session): ReadonlySet<string> {
  const leftOut = (catalogue.leftOut ?? []).map((name) =>
    settings.repositories.prefix === undefined ? name : `${settings.repositories.prefix}/${name}`,
  );
  return new Set([
    ...catalogue.services.map((service) => repositoryName(settings, service)),
    ...leftOut,
    cacheRepositoryName(settings),
  ]);
}

function refuseOwn(removed: readonly string[], own: ReadonlySet<string>): void {
  const refused = removed.filter((name) => own.has(name));
  if (refused.length === 0) return;
  throw new UserError(
    refused.map((value) => ({
      code: "wrong-usage",
      where: "--removed-repositories",
      value,
      message: "is the repository of a service in services.yaml, or the build cache",
      fix: "name repositories of services that services.yaml no longer has",
    })),
  );
}

/** Repositories under the stack's prefix that nothing in services.yaml has; none where they may not be listed. */
async function repositoriesWithoutService(
  session: Session,
  own: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { prefix } = session.settings.repositories;
  if (prefix === undefined) return [];
  const found = (await ifAllowed(listRepositories(session.clients, session.signal))) ?? [];
  return found.filter((name) => name.startsWith(`${prefix}/`) && !own.has(name)).toSorted();
}

/**
 * What is needed of a removed service's repository: what runs, and what other stacks mark. The stack's own keep tags
 * and releases are of the service that is no more, and do not count.
 */
function neededOfRemoved(
  session: Session,
  inventory: Inventory,
  uses: readonly ImageUse[],
): Promise<InUseSet> {
  const { stack } = session.settings;
  const tagged = inventory.images.map(({ digest, tags }) => ({ imageDigest: digest, imageTags: [...tags] }));
  const stale = new Set(staleTags(stack, tagged, new Set()).map(({ tag }) => tag));
  const isOwn = (tag: string) => stale.has(tag) || stackOfReleaseTag(tag) === stack;
  const images = inventory.images.map((image) => ({
    ...image,
    tags: image.tags.filter((tag) => !isOwn(tag)),
  }));
  return neededImages(session, { repository: inventory.repository, images }, uses);
}

/** The images, with what has to be read of some: whose release a record is of, what a manifest was built from. */
async function describedImages(
  session: Session,
  { repository, images }: Inventory,
  kinds: readonly CleanupKind[],
): Promise<readonly CleanupImage[]> {
  const { clients, registry, signal } = session;
  const listed = new Set(images.flatMap(({ children }) => children));
  const connection = connectToRegistry(clients, registry, signal);
  const asksForSource = kinds.includes("untagged") || kinds.includes("incomplete");
  return pMap(
    images,
    async (image): Promise<CleanupImage> => {
      const [stack] = image.tags.flatMap((tag) => stackOfReleaseTag(tag) ?? []);
      if (stack !== undefined) {
        const newest = await readNewestRecord(clients, repository, stack, signal);
        return newest === undefined
          ? image
          : { ...image, recordOf: { stack: newest.record.stack, service: newest.record.service } };
      }
      const standsAlone =
        image.kind === "manifest" &&
        image.tags.length === 0 &&
        image.subject === undefined &&
        image.archivedAt === undefined &&
        /^application\/vnd\.(oci\.image\.config|docker\.container\.image)\./.test(image.type);
      if (!asksForSource || !standsAlone || listed.has(image.digest)) return image;
      // Without its configuration it is untagged, and not known to be half of a push.
      const content = await readContent(clients, connection, repository, image.digest).catch(() => {
        signal.throwIfAborted();
        return undefined;
      });
      const builtFrom = content?.labels[sourceLabel];
      return builtFrom === undefined ? image : { ...image, builtFrom };
    },
    { concurrency: 8, signal },
  );
}

async function pullRequestsOf(
  { settings, directory, signal }: Session,
  repositories: readonly CleanupRepository[],
  kinds: readonly CleanupKind[],
): Promise<PullRequestStates> {
  if (!kinds.includes("pull-requests")) return { states: new Map(), unknown: undefined };
  const numberOf = pullRequestTags(settings);
  const numbers = repositories.flatMap(({ images }) =>
    images.flatMap(({ tags }) => tags.flatMap((tag) => numberOf(tag) ?? [])),
  );
  const remote = async () => {
    const url = await openGit(directory)
      .text(["config", "--get", "remote.origin.url"])
      .catch(() => "");
    return repositoryOfRemote(url);
  };
  const repository = process.env.GITHUB_REPOSITORY || settings.github?.repository || (await remote());
  const distinct = [...new Set(numbers)].toSorted((one, other) => one - other);
  return readPullRequestStates(repository, distinct, process.env, signal);
}
