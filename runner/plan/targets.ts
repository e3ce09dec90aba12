import type { Service, Target } from "../../config/catalogue/catalogue.ts";
import type { Image } from "../registry/image.ts";
import { runStep } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetImage, TargetPlan } from "../targets/target.ts";
import { withChecks } from "./pre-flight.ts";
import { targetImage } from "./target-image.ts";

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
