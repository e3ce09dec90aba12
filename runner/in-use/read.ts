import pMap from "p-map";
import { registryHost, stackOfReleaseTag } from "../../config/names.ts";
import { targetsOfKind } from "../../config/targets/kinds.ts";
import type { Entry } from "../registry/contents.ts";
import { parseReference } from "../registry/reference.ts";
import { isSuccessful, lastSuccessful, releasesOf } from "../release/history.ts";
import type { EarlierRelease } from "../release/record.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import type { ImageUse } from "../targets/image-use.ts";
import { allKinds } from "../targets/kinds.ts";
import { keepTagsOf, targetOfKeepTag } from "./keep-tags.ts";
import { type DigestUse, type InUseSet, mergeUses } from "./merge.ts";
import { retiredDigest } from "./retired.ts";

/**
 * Everything that runs an image in the account and region, and what the catalogue's targets outside of AWS run,
 * of all kinds side by side. Only reads.
 *
 * @param unseen is told of each place that may use images and could not be read
 */
export async function readAccountUses(
  { directory, catalogue, clients, signal }: Pick<Session, "directory" | "catalogue" | "clients" | "signal">,
  unseen: (place: string) => void = () => {},
): Promise<readonly ImageUse[]> {
  const found = await pMap(allKinds(), (kind) =>
    kind.inUse({ directory, clients, signal, unseen }, targetsOfKind(kind, catalogue.services)),
  );
  return found.flat();
}

/**
 * The images that a stack's releases need, of every stack that has released from the repository: what
 * the last release put there, and what a rollback would go back to.
 *
 * @param running digests of the repository that run somewhere
 */
export async function readReleaseUses(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  repository: string,
  contents: readonly Entry[],
  running: readonly string[],
): Promise<readonly DigestUse[]> {
  const stacks = contents.flatMap(({ tags }) => tags.flatMap((tag) => stackOfReleaseTag(tag) ?? []));
  const heads = await pMap(
    stacks,
    async (stack) => ({
      stack,
      releases: releasesOf(await readNewestRecord(clients, repository, stack, signal)),
    }),
    { concurrency: 4, signal },
  );
  return heads.flatMap(({ stack, releases }) => usesOfReleases(stack, releases, running));
}

/** `readReleaseUses` on the releases of one stack. */
export function usesOfReleases(
  stack: string,
  releases: readonly EarlierRelease[],
  running: readonly string[],
): readonly DigestUse[] {
  const use = (release: EarlierRelease | undefined, what: string): readonly DigestUse[] =>
    release === undefined
      ? []
      : [
          {
            digest: release.image,
            where: `release ${release.id} of ${stack}`,
            why: what,
            certainty: "returns",
          },
        ];
  return [
    ...use(releases.find(isSuccessful), "the last successful release"),
    ...use(lastSuccessful(releases, running), "a rollback returns to it"),
  ];
}

/** Digests of a repository that something in the account runs. */
export function runningDigests(sources: Omit<UseSources, "releases">): readonly string[] {
  return sources.account.flatMap((use) => digestUse(sources, use).map(({ digest }) => digest));
}

/** What a repository's in-use set is made of. */
export interface UseSources {
  readonly stack: string;
  readonly repository: string;
  /** Hosts under which the repository is written. */
  readonly registries: readonly string[];
  /** All uses that were found in the account. */
  readonly account: readonly ImageUse[];
  /** Images that rollbacks would return to. */
  readonly releases: readonly DigestUse[];
  readonly contents: readonly Entry[];
}

/** Hosts under which the stack's images are written: its own setting, and ECR's own name. */
export function registriesOf({
  settings,
  caller,
  registry,
}: Pick<Session, "settings" | "caller" | "registry">) {
  const { registry: _own, ...others } = settings;
  return [...new Set([registry, registryHost(others as Session["settings"], caller.account)])];
}

/** The images of a repository that something needs, and what. */
export function inUseSet(sources: UseSources): InUseSet {
  const { contents, account, releases } = sources;
  const indexes = new Map(
    contents.flatMap(({ digest, content }) =>
      content.kind === "index" ? [[digest, content.children.map((child) => child.digest)] as const] : [],
    ),
  );
  const running = account.flatMap((use) => digestUse(sources, use));
  return mergeUses([...running, ...markedUses(sources, running), ...releases], indexes);
}

/** A use of this repository, by digest; none when it is of another, or of a tag that is not there. */
function digestUse(
  { repository, registries, contents }: Omit<UseSources, "releases">,
  { reference, digest, where, why, certainty }: ImageUse,
): readonly DigestUse[] {
  const parsed = parseReference(reference);
  if (parsed?.repository !== repository || !registries.includes(parsed.registry)) return [];
  const exact = digest ?? parsed.digest;
  if (exact !== undefined)
    return [{ digest: exact, where, why, ...(certainty !== undefined && { certainty }) }];
  const tag = parsed.tag ?? "latest";
  const tagged = contents.find(({ tags }) => tags.includes(tag));
  return tagged === undefined
    ? []
    : [{ digest: tagged.digest, where, why: `${why}, tag ${tag}`, certainty: "tag" }];
}

const reasons = {
  inUse: { why: "marked as running", certainty: "reported" },
  lastGood: { why: "marked as the last good image", certainty: "returns" },
  proposed: { why: "marked as proposed by a pull request", certainty: "reported" },
} as const;

/** What the keep-tags say beyond what was seen running: the last good ones, other stacks and accounts. */
function markedUses({ stack, contents }: UseSources, running: readonly DigestUse[]): readonly DigestUse[] {
  const seen = new Set(running.map(({ where }) => keepTagsOf(stack, where).inUse));
  const images = contents.filter(({ digest }) => digest !== retiredDigest);
  return images.flatMap(({ digest, tags }) =>
    tags.flatMap((tag): DigestUse[] => {
      const target = targetOfKeepTag(tag);
      if (target === undefined || (target.why === "inUse" && seen.has(tag))) return [];
      return [{ digest, where: target.name, ...reasons[target.why] }];
    }),
  );
}
