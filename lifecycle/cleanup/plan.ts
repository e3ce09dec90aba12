import { countHolders, freedInOrder } from "../bytes.ts";
import { orderedBy } from "../image.ts";
import { type Candidate, candidatesOf, unseen } from "./candidates.ts";
import { attachedTo, isNamed, type Links, linksOf, wholeOf } from "./links.ts";
import type {
  CleanupImage,
  CleanupPlan,
  CleanupRepository,
  CleanupRules,
  KeptBack,
  NeededBy,
  Removal,
} from "./model.ts";
import { inWaves } from "./order.ts";

const day = 86_400_000;

/**
 * What a clean-up deletes of some repositories, in the order that ECR demands, and what of the selected kinds stays.
 *
 * Never goes: what something needs, what an index that stays lists, what is attached to something that stays, and
 * what any of these needs. Bytes are those of blobs that no image that stays has, of all the repositories.
 */
export function planCleanup(repositories: readonly CleanupRepository[], rules: CleanupRules): CleanupPlan {
  const planned = repositories.map((one) =>
    one.isRemoved ? planRemoved(one, rules) : planRepository(one, rules),
  );
  const removals = planned.flatMap((one) => one.removals).toSorted((one, other) => one.wave - other.wave);
  const freed = freedInOrder(
    removals.map(({ image }) => image),
    countHolders(repositories.flatMap(({ images }) => images)),
  );
  return {
    removals,
    kept: planned.flatMap(({ kept }) => kept),
    repositories: repositories.flatMap(({ repository, isRemoved }, index) =>
      isRemoved && planned[index]?.kept.length === 0 ? [repository] : [],
    ),
    freed: new Map(removals.map((removal) => [removal, freed.get(removal.image) ?? 0])),
  };
}

type Planned = Pick<CleanupPlan, "removals" | "kept">;

function planRepository({ repository, images, needed }: CleanupRepository, rules: CleanupRules): Planned {
  const links = linksOf(images);
  const candidates = candidatesOf(images, links, rules);
  const reasons = keptImages(images, links, candidates, needed);
  const kept = [...candidates].flatMap(([digest, { kind }]): KeptBack[] => {
    const reason = reasons.get(digest);
    const image = links.byDigest.get(digest);
    return reason === undefined || image === undefined ? [] : [{ repository, image, kind, reason }];
  });
  const going = new Map<string, Candidate>();
  for (const [digest, candidate] of candidates) {
    if (reasons.has(digest)) continue;
    for (const part of wholeOf(digest, links)) {
      if (reasons.has(part) || (part !== digest && candidates.has(part))) continue;
      const reason = part === digest ? candidate.reason : `it goes with ${digest}`;
      if (!going.has(part)) going.set(part, { ...candidate, reason });
    }
  }
  return { kept, removals: removalsOf(repository, going, links) };
}

/** All of a removed service's repository, or nothing of it. */
function planRemoved({ repository, images, needed }: CleanupRepository, rules: CleanupRules): Planned {
  const links = linksOf(images);
  const kind = "repositories";
  const keeps = (image: CleanupImage) => {
    const young = rules.now.getTime() - orderedBy(image).getTime() < rules.graceDays * day;
    return (
      neededReason(needed.get(image.digest)) ??
      (image.archivedAt !== undefined || image.kind === "unknown"
        ? "its manifest can't be read, so that nothing could bring it back"
        : young
          ? `pushed less than ${rules.graceDays} days ago`
          : unseen(image, links, rules))
    );
  };
  const kept = images.flatMap((image): KeptBack[] => {
    const reason = keeps(image);
    return reason === undefined ? [] : [{ repository, image, kind, reason }];
  });
  if (kept.length > 0) return { kept, removals: [] };
  const reason = "no service has the repository any more, and you named it";
  const going = new Map(images.map(({ digest }) => [digest, { kind, reason } as const]));
  return { kept, removals: removalsOf(repository, going, links) };
}

function removalsOf(
  repository: string,
  going: ReadonlyMap<string, Pick<Removal, "kind" | "reason">>,
  links: Links,
): readonly Removal[] {
  return inWaves([...going.keys()], links).flatMap(({ digest, wave, after }): Removal[] => {
    const image = links.byDigest.get(digest);
    const one = going.get(digest);
    if (image === undefined || one === undefined) return [];
    return [{ repository, image, kind: one.kind, reason: one.reason, wave, after }];
  });
}

/**
 * What stays of a repository, and why. What is no candidate stays, unless it is only a part of one: a manifest that an
 * index lists, or an artifact of an image. What stays keeps all that it lists, all that is attached to it, and what
 * it is attached to, since ECR deletes artifacts with their subject. What something needs also keeps the index that
 * lists it.
 */
function keptImages(
  images: readonly CleanupImage[],
  links: Links,
  candidates: ReadonlyMap<string, Candidate>,
  needed: ReadonlyMap<string, readonly NeededBy[]>,
): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  const neededNow = new Set<string>();
  const waiting: string[] = [];
  const keep = (digest: string, reason: string, isNeeded = false) => {
    if (!links.byDigest.has(digest) || (kept.has(digest) && (!isNeeded || neededNow.has(digest)))) return;
    if (!kept.has(digest)) kept.set(digest, reason);
    if (isNeeded) neededNow.add(digest);
    waiting.push(digest);
  };
  // It may be an index, and then nobody knows what it lists.
  const unread = images.find(({ kind }) => kind === "unknown");
  for (const { digest } of images) {
    const uses = neededReason(needed.get(digest));
    if (uses !== undefined) keep(digest, uses, true);
    else if (unread !== undefined)
      keep(digest, `${unread.digest} can't be read, and may be an index that lists it`);
  }
  for (const image of images) {
    const candidate = candidates.get(image.digest);
    if (candidate?.stays !== undefined) keep(image.digest, candidate.stays);
    else if (candidate === undefined && !isPart(image, links)) keep(image.digest, "not of a selected kind");
  }
  const spread = () => {
    for (const digest of waiting) {
      const image = links.byDigest.get(digest);
      if (image === undefined) continue;
      const isNeeded = neededNow.has(digest);
      for (const child of image.children) keep(child, `the index ${digest} lists it`);
      for (const one of links.referrersOf(digest)) keep(one, `it is attached to ${digest}`);
      const subject = attachedTo(image);
      if (subject !== undefined) keep(subject, `${digest}, which stays, is attached to it`, isNeeded);
      if (!isNeeded) continue;
      for (const index of links.listedBy(digest)) keep(index, `it lists ${digest}, which is in use`, true);
    }
    waiting.length = 0;
  };
  // Parts of nothing that goes stay: two may be parts of each other, by a tag.
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    spread();
    const going = new Set(
      [...candidates.keys()]
        .filter((digest) => !kept.has(digest))
        .flatMap((digest) => [...wholeOf(digest, links)]),
    );
    for (const { digest } of images) if (!going.has(digest)) keep(digest, "it is no part of what goes");
    spread();
  }
  return kept;
}

/** Whether an image is nothing of its own: without a tag, listed by an index or attached to an image that is there. */
function isPart(image: CleanupImage, links: Links): boolean {
  if (isNamed(image) || image.archivedAt !== undefined || image.kind === "unknown") return false;
  const subject = attachedTo(image);
  return links.listedBy(image.digest).length > 0 || (subject !== undefined && links.byDigest.has(subject));
}

function neededReason(uses: readonly NeededBy[] | undefined): string | undefined {
  if (uses === undefined || uses.length === 0) return undefined;
  return `in use: ${uses.map(({ where, why }) => `${where} (${why})`).join(", ")}`;
}
