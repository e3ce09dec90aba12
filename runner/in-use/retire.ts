import type { ImageDetail } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import { stackOfReleaseTag } from "../../config/names.ts";
import { isAbort } from "../../config/problems/abort.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { connectToRegistry } from "../registry/connection.ts";
import { listDetails } from "../registry/contents.ts";
import { getManifest, parseStored } from "../registry/lookup.ts";
import { parseReference } from "../registry/reference.ts";
import type { Session } from "../session/session.ts";
import type { ImageUse } from "../targets/image-use.ts";
import { allKinds, kindOf } from "../targets/kinds.ts";
import { isKeepTagOf, keepTagsOf } from "./keep-tags.ts";
import { readAccountUses } from "./read.ts";
import { retiredDigest, retireTags } from "./retired.ts";

/** A keep tag of a target that services.yaml no longer has. */
export interface StaleTag {
  readonly tag: string;
  readonly digest: string;
}

/**
 * Removes the keep tags of targets that services.yaml no longer has and that nothing in the account runs. The
 * images stay; retention rules may expire them from now on. Costs one call per repository and thousand images;
 * the account is read only when there is such a tag. A tag whose use can't be checked stays.
 */
export async function removeKeepTags(session: Session, repositories: readonly string[]): Promise<void> {
  const { emit, signal } = session;
  try {
    const known = knownKeepTags(session);
    const found = await pMap(
      repositories,
      async (repository) => ({ repository, stale: await findStale(session, repository, known) }),
      { concurrency: 8, signal },
    );
    if (found.every(({ stale }) => stale.length === 0)) return;
    const uses = await readAccountUses(session);
    for (const { repository, stale } of found) await retireUnused(session, repository, stale, uses);
  } catch (error) {
    if (isAbort(error)) return;
    const reason = firstLine(error);
    emit({
      kind: "notice",
      message: `Could not check which images are in use (${reason}). Keep tags of removed targets stay until a deployment has that permission`,
    });
  }
}

/** The keep tags of the whole catalogue's targets. */
function knownKeepTags({ catalogue, settings }: Session): ReadonlySet<string> {
  const targets = catalogue.services.flatMap((service) => service.targets);
  return new Set(
    targets.flatMap((target) => Object.values(keepTagsOf(settings.stack, kindOf(target).title(target)))),
  );
}

async function findStale(
  { settings, clients, signal }: Session,
  repository: string,
  known: ReadonlySet<string>,
): Promise<readonly StaleTag[]> {
  const tagged = await listDetails(clients, repository, signal, { tagStatus: "TAGGED" });
  return staleTags(settings.stack, tagged ?? [], known);
}

/**
 * The keep tags of a stack that belong to no target of its catalogue.
 *
 * @param known the keep tags of its targets
 */
export function staleTags(
  stack: string,
  images: readonly Pick<ImageDetail, "imageDigest" | "imageTags">[],
  known: ReadonlySet<string>,
): readonly StaleTag[] {
  const all = images.flatMap(({ imageDigest, imageTags = [] }) =>
    imageDigest === undefined ? [] : imageTags.map((tag) => ({ tag, digest: imageDigest })),
  );
  // `inuse-dev-ecs-a` may be of the stack dev, or of one that is called dev-ecs.
  const others = all
    .flatMap(({ tag }) => stackOfReleaseTag(tag) ?? [])
    .filter((other) => other.length > stack.length);
  const names = allKinds().map(({ kind }) => kind);
  return all.filter(
    ({ tag, digest }) =>
      digest !== retiredDigest &&
      !known.has(tag) &&
      isKeepTagOf(tag, stack, names) &&
      !others.some((other) => isKeepTagOf(tag, other, names)),
  );
}

async function retireUnused(
  session: Session,
  repository: string,
  stale: readonly StaleTag[],
  uses: readonly ImageUse[],
): Promise<void> {
  const { clients, registry, signal, settings, emit } = session;
  const runs = await pMap(stale, ({ digest }) => digestsOf(session, repository, digest), { concurrency: 4 });
  const unused = stale.filter((one, index) => !isUsed(settings.stack, one, runs[index] ?? [], uses));
  if (unused.length === 0) return;
  const tags = unused.map(({ tag }) => tag);
  await retireTags(connectToRegistry(clients, registry, signal), repository, tags);
  emit({
    kind: "notice",
    message: `${repository}: removed ${tags.length === 1 ? "the keep tag" : "the keep tags"} ${tags.join(", ")}: services.yaml no longer has the target, and nothing runs the image`,
  });
}

/**
 * Whether the target of a tag still runs anything, whoever deploys it now, or anything runs the image.
 *
 * @param digests the image's own, and those of its platforms
 */
export function isUsed(
  stack: string,
  { tag }: StaleTag,
  digests: readonly string[],
  uses: readonly ImageUse[],
): boolean {
  return uses.some(({ where, reference, digest }) => {
    const own = Object.values(keepTagsOf(stack, where));
    return own.includes(tag) || digests.includes(digest ?? parseReference(reference)?.digest ?? "");
  });
}

async function digestsOf(
  { clients, signal }: Session,
  repository: string,
  digest: string,
): Promise<string[]> {
  const stored = await getManifest(clients, repository, { imageDigest: digest }, signal);
  if (stored === undefined) return [digest];
  const parsed = parseStored(repository, stored);
  return [digest, ...(parsed.kind === "index" ? Object.values(parsed.manifests) : [])];
}
