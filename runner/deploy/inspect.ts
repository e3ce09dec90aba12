import pMap from "p-map";
import type { Service, Target } from "../../config/catalogue.ts";
import type { Image } from "../registry/image.ts";
import { checkTags, tagMovability } from "../registry/tags.ts";
import { readHead } from "../release/store.ts";
import { runStep } from "../report/events.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetImage, TargetPlan } from "../targets/target.ts";
import { type InspectedService, imageToPlanWith, type TaggedService } from "./plan.ts";
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
  return pMap(
    compared,
    async (one) => {
      const [tagCheck, targets, head] = await Promise.all([
        checkTags(clients, one.repository, one.image?.digest, one.tagPlan.tags, { movable }, signal),
        planTargets(session, one.service, imageToPlanWith(one), images, step),
        readHead(clients, one.repository, settings.stack, signal),
      ]);
      return { ...one, tagCheck, targets, head };
    },
    { concurrency: lookedAtTogether, signal },
  );
}

/**
 * Plans moving all targets of a service to an image, from how they are now; each one a step.
 *
 * @param images of all services of the run: what other containers of a target are moved to
 */
export async function planTargets(
  session: Session,
  service: Service,
  image: Image,
  images: ReadonlyMap<string, Image>,
  step: string,
): Promise<readonly TargetPlan[]> {
  const { clients, emit, signal } = session;
  return Promise.all(
    service.targets.map((target) => {
      const title = kindOf(target).title(target);
      const id = `check ${title}`;
      return runStep(emit, { id, title, parent: step }, async ({ conclude }) => {
        const wanted = targetImage(target, image, images);
        const bare = await planTarget(session, service, target, wanted, id);
        const plan = await withChecks(bare, wanted, session.registry, { clients, emit, signal, step: id });
        const [problem] = plan.problems;
        if (problem !== undefined) conclude("failed", problem.message);
        else if (plan.action === "none") conclude("skipped", "runs this image already");
        return plan;
      });
    }),
  );
}

/** Plans moving one target to an image, from how it is now. */
export async function planTarget(
  { clients, emit, signal }: Session,
  service: Service,
  target: Target,
  image: TargetImage,
  step: string,
): Promise<TargetPlan> {
  const kind = kindOf(target);
  const state = await kind.inspect(target, { clients, emit, signal, step });
  return kind.plan(service.name, target, state, image);
}
