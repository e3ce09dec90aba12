import pMap from "p-map";
import type { Service, Target } from "../../config/catalogue.ts";
import type { Problem } from "../../config/errors.ts";
import { sourceTag } from "../../config/names.ts";
import { hasCode } from "../aws/errors.ts";
import type { Image } from "../registry/image.ts";
import { checkTags, tagMovability } from "../registry/tags.ts";
import { verifyImage } from "../registry/verify.ts";
import { readHead } from "../release/store.ts";
import { runStep } from "../report/events.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetImage, TargetPlan } from "../targets/target.ts";
import { type InspectedService, imageToPlanWith, type TaggedService } from "./plan.ts";
import { isMove, withProofs } from "./prove.ts";
import type { Session } from "./session.ts";
import { imagesByService, targetImage } from "./target-image.ts";
import { withChecks } from "./verify.ts";

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

/**
 * Plans moving all targets of a service to an image, from how they are now; each one a step.
 *
 * @param images of all services of the run: what other containers of a target are moved to
 * @param earlier title of a target → what an earlier release left in it: see `TargetPlan.earlier`
 */
export async function planTargets(
  session: Session,
  service: Service,
  image: Image,
  images: ReadonlyMap<string, Image>,
  step: string,
  earlier: Readonly<Record<string, string>> = {},
): Promise<readonly TargetPlan[]> {
  return Promise.all(
    service.targets.map((target) => {
      const title = kindOf(target).title(target);
      const id = `check ${title}`;
      return runStep(session.emit, { id, title, parent: step }, async ({ conclude }) => {
        const wanted = targetImage(target, image, images);
        const plan = await planTarget(session, service, target, wanted, id, earlier[title]);
        const [problem] = plan.problems;
        if (problem !== undefined) conclude("failed", problem.message);
        else if (plan.action === "none") conclude("skipped", "runs this image already");
        return plan;
      });
    }),
  );
}

/**
 * Plans moving one target to an image, from how it is now. Where it really is to be moved, all that
 * `slipway verify` checks is checked, whatever moves it: a deployment, a rollback or a promotion.
 *
 * @param earlier what an earlier release left in it, and is taken up again
 */
export async function planTarget(
  { clients, emit, signal, registry }: Session,
  service: Service,
  target: Target,
  image: TargetImage,
  step: string,
  earlier?: string,
): Promise<TargetPlan> {
  const kind = kindOf(target);
  const context = { clients, emit, signal, step };
  const state = await kind.inspect(target, context);
  const plan = kind.plan(service.name, target, state, image);
  return withChecks(earlier === undefined ? plan : { ...plan, earlier }, image, registry, context);
}
