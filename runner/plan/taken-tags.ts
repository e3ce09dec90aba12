import { wasBuiltFrom } from "../bases/source-record.ts";
import { getManifest } from "../registry/lookup.ts";
import type { TagCheck } from "../registry/tags.ts";
import type { Session } from "../session/session.ts";
import type { TagPlan } from "../tags/tags.ts";

/**
 * The tags that may not move and are on an earlier image of the same source: the source was built again since, because
 * a base image had moved.
 *
 * @param sourceHash hash of the source of the image that the tags were to be put on
 */
export async function takenByEarlier(
  { clients, signal }: Pick<Session, "clients" | "signal">,
  { repository, sourceHash }: { readonly repository: string; readonly sourceHash: string },
  { problems }: TagCheck,
): Promise<ReadonlySet<string>> {
  const earlier = await Promise.all(
    problems.map(async ({ value: imageTag }) => {
      if (typeof imageTag !== "string") return [];
      const holder = await getManifest(clients, repository, { imageTag }, signal);
      if (holder === undefined) return [];
      return (await wasBuiltFrom(clients, repository, holder.digest, sourceHash, signal)) ? [imageTag] : [];
    }),
  );
  return new Set(earlier.flat());
}

/**
 * The tags of an image of a source that was built before: a tag that may not move stays on the image that it has
 * always named.
 *
 * @param left tags to leave where they are; undefined: all that may not move
 */
export function withoutTaken(
  tagCheck: TagCheck,
  tagPlan: TagPlan,
  left?: ReadonlySet<string>,
): { tagCheck: TagCheck; tagPlan: TagPlan } {
  const taken: ReadonlySet<unknown> = left ?? new Set(tagCheck.problems.map(({ value }) => value));
  const planned = tagPlan.planned.filter(({ tag }) => !taken.has(tag));
  return {
    tagCheck: { ...tagCheck, problems: tagCheck.problems.filter(({ value }) => !taken.has(value)) },
    tagPlan: {
      ...tagPlan,
      planned,
      tags: planned.map(({ tag }) => tag),
      leftOut: [
        ...tagPlan.leftOut,
        ...tagPlan.planned
          .filter(({ tag }) => taken.has(tag))
          .map(({ format, tag }) => ({
            format,
            reason: `${tag} may not move, and stays on the image that was built before`,
            because: "condition" as const,
          })),
      ],
    },
  };
}
