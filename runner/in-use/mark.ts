import pMap from "p-map";
import { isAbort } from "../../config/problems/abort.ts";
import { describeEntry } from "../registry/entry.ts";
import { type Image, shortDigest } from "../registry/image.ts";
import { getManifest } from "../registry/lookup.ts";
import { putTag } from "../registry/tags.ts";
import type { Session } from "../session/session.ts";
import type { TargetImage, TargetOutcome, TargetPlan } from "../targets/target.ts";
import { keepTagsOf } from "./keep-tags.ts";
import { isRetired } from "./retired.ts";

/** A target that runs an image, and what its plan found there before. */
export interface RunningTarget {
  readonly plan: Pick<TargetPlan, "title" | "changes" | "marked">;
  readonly image: TargetImage;
  /** Whether a pull request proposes the image, and the target does not run it yet. */
  readonly isProposed?: boolean;
}

/**
 * Tags in the registry what targets run now, and what they ran successfully before, so that no lifecycle policy
 * expires either. Tags that are already in place stay: that costs one call per image, and none for a
 * target that was left as it is and whose plan saw its tag. A failure is a warning, since it does not affect what
 * was deployed.
 *
 * The image that a pull request proposes is tagged as well.
 *
 * @param moves what was asked for; those whose outcome is neither `done`, `unchanged` nor `proposed` are passed over
 */
export async function putKeepTags(
  session: Session,
  moves: readonly RunningTarget[],
  outcomes: readonly TargetOutcome[],
): Promise<void> {
  const ended = new Map(outcomes.map(({ title, outcome }) => [title, outcome]));
  const marked = moves.flatMap((move) => {
    const outcome = ended.get(move.plan.title);
    if (outcome === "proposed") return imagesOf({ ...move, isProposed: true });
    if (outcome === "done") return imagesOf(move);
    return outcome === "unchanged"
      ? imagesOf(move).filter((one) => one.plan.marked !== keyOf(one.image))
      : [];
  });
  const byImage = Map.groupBy(marked, ({ image }) => keyOf(image));
  await pMap(
    byImage.values(),
    async (group) => {
      const [first] = group;
      if (first === undefined) return;
      await keepImage(session, first.image, group).catch((error: unknown) => {
        if (isAbort(error)) return;
        session.emit({
          kind: "warning",
          code: "not-marked",
          message: `${first.image.repository}@${shortDigest(first.image.digest)} is in use, but Slipway could not tag it as in use: ${error instanceof Error ? error.message : String(error)}`,
          fix: "deploy again; lifecycle policies keep images in use by these tags",
        });
      });
    },
    { concurrency: 16 },
  );
}

/** As `TargetPlan.marked` names an image. */
function keyOf({ repository, digest }: Image): string {
  return `${repository}@${digest}`;
}

/** Each image of a move, once: a task definition's containers may run those of several services. */
function imagesOf({ plan, image, isProposed = false }: RunningTarget): readonly RunningTarget[] {
  const images = [image, ...Object.values(image.containers ?? {})];
  const first = (one: Image) =>
    images.find(({ repository, digest }) => repository === one.repository && digest === one.digest) === one;
  return images.filter(first).map((one) => ({ plan, image: one, isProposed }));
}

async function keepImage(session: Session, image: Image, moves: readonly RunningTarget[]): Promise<void> {
  const { clients, signal, settings } = session;
  const { repository, digest } = image;
  const entry = await describeEntry(clients, repository, { imageDigest: digest }, signal);
  const wanted = moves
    .map((move) => ({ move, tags: keepTagsOf(settings.stack, move.plan.title) }))
    .filter(({ move, tags }) => !entry?.tags.includes(move.isProposed === true ? tags.proposed : tags.inUse));
  if (wanted.length === 0) return;
  const stored = await getManifest(clients, repository, { imageDigest: digest }, signal);
  if (stored === undefined) throw new Error("the image is no longer in the registry");
  await Promise.all(
    wanted.map(async ({ move, tags }) => {
      if (move.isProposed === true) {
        await putTag(clients, repository, stored, tags.proposed, signal);
        return;
      }
      const marked = await getManifest(clients, repository, { imageTag: tags.inUse }, signal);
      // A tag that was taken off an image, since the target had left services.yaml for a while.
      const kept = marked !== undefined && !isRetired(marked.text) ? marked : undefined;
      const before = kept ?? (await runningBefore(session, move));
      // First the one, then the other: at no time is either of the two without a mark.
      if (before !== undefined && before.digest !== digest) {
        await putTag(clients, repository, before, tags.lastGood, signal);
      }
      await putTag(clients, repository, stored, tags.inUse, signal);
    }),
  );
}

/** What a target that was never marked ran before, as its plan found it: by digest, and of this repository. */
async function runningBefore({ clients, signal }: Session, { plan, image }: RunningTarget) {
  const prefix = `${image.registry}/${image.repository}@`;
  const reference = plan.changes.map(({ before }) => before).find((before) => before?.startsWith(prefix));
  if (reference === undefined) return undefined;
  const imageDigest = reference.slice(prefix.length);
  return getManifest(clients, image.repository, { imageDigest }, signal);
}
