import pMap from "p-map";
import { sourceTag } from "../../config/names.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { hasCode } from "../aws/errors.ts";
import { checkTags, tagMovability } from "../registry/tags.ts";
import { verifyImage } from "../registry/verify-image.ts";
import { readHead } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import { isMove } from "../targets/target.ts";
import { type InspectedService, imageToPlanWith, type TaggedService } from "./plan.ts";
import { withProofs } from "./prove.ts";
import { imagesByService } from "./target-image.ts";
import { planTargets } from "./targets.ts";

/**
 * Services that are only read at the same time; how many are moved at once is another matter. ECS lets
 * 20 DescribeServices through a second, 100 in a burst.
 */
export const lookedAtTogether = 16;

/**
 * Looks at everything that a deployment would change, without changing it: where each tag is, and
 * what runs in each target. What stands in the way comes back as problems of the plans.
 *
 * @param step step that it belongs to
 */
export async function inspectServices(
  session: Session,
  compared: readonly TaggedService[],
  step: string,
): Promise<readonly InspectedService[]> {
  const { clients, signal, settings } = session;
  const movable = tagMovability(settings.repositories);
  const images = imagesByService(compared.map(imageToPlanWith));
  const found = await pMap(
    compared,
    async (one) => {
      const [tagCheck, targets, head] = await Promise.all([
        checkTags(clients, one.repository, one.image?.digest, one.tagPlan.tags, { movable }, signal),
        planTargets(session, one.service, imageToPlanWith(one), images, step),
        readHead(clients, one.repository, settings.stack, signal),
      ]);
      const faults = targets.some(isMove) ? await imageFaults(session, one) : [];
      return { ...one, sourceProblems: [...(one.sourceProblems ?? []), ...faults], tagCheck, targets, head };
    },
    { concurrency: lookedAtTogether, signal },
  );
  return withProofs(found);
}

/** What an image lacks that was built before, and is to be moved: one that is built now is verified then. */
async function imageFaults(
  { clients, signal }: Session,
  { service, repository, source, image }: TaggedService,
): Promise<readonly Problem[]> {
  if (image === undefined) return [];
  try {
    await verifyImage(clients, image, service.platforms, signal);
    return [];
  } catch (error) {
    if (!hasCode(error, "image-incomplete")) throw error;
    const tag = sourceTag(source.hash);
    const fix = `delete ${repository}:${tag}, and deploy again: it is built anew then`;
    return error.problems.map((problem) => ({ ...problem, fix }));
  }
}
