import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Target } from "../../config/targets/target.ts";
import type { PlannedImage } from "../registry/image.ts";
import { isBrief } from "../report/brief.ts";
import { runStep, type Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetContext, TargetImage, TargetPlan } from "../targets/target.ts";
import { withChecks } from "./pre-flight.ts";

/** The parts of a session that planning targets uses. */
export type PlanningSession = Pick<Session, "directory" | "clients" | "emit" | "signal" | "registry">;

/** The image that the targets of a service are to run. */
export interface WantedImage {
  readonly service: Service;
  readonly image: PlannedImage;
  /** Images of all services of the run: what other containers of a target are moved to. */
  readonly images: ReadonlyMap<string, PlannedImage>;
  /** Title of a target → see `TargetPlan.reuse`. */
  readonly reuse?: Readonly<Record<string, string>> | undefined;
}

/**
 * Plans moving all targets of a service to an image, from how they are now. Each is a step, unless the run has
 * so many services that nobody would read them.
 *
 * @param among how many services the run plans. Default: 1
 */
export async function planTargets(
  session: PlanningSession,
  { service, image, images, reuse = {} }: WantedImage,
  parent: Step,
  among = 1,
): Promise<readonly TargetPlan[]> {
  const { directory, clients, emit, signal, registry } = session;
  return Promise.all(
    service.targets.map((target) => {
      const title = kindOf(target).title(target);
      const planOne = (step: string) => {
        const wanted = kindOf(target).imageFor(target, image, images);
        const context = { directory, clients, emit, signal, step };
        return planTarget(service.name, target, wanted, context, { registry, reuse: reuse[title] });
      };
      if (isBrief(among, false)) return planOne(parent.id);
      return runStep(emit, { id: `check ${title}`, title, parent: parent.id }, async ({ id, conclude }) => {
        const plan = await planOne(id);
        const [problem] = plan.problems;
        if (problem !== undefined) conclude("failed", problem.message);
        else if (plan.action === "none") conclude("skipped", "already runs this image");
        return plan;
      });
    }),
  );
}

/**
 * Plans moving one target to an image, from how it is now. A target that is to be moved passes all checks
 * of `slipway verify` first, whether a deployment, a rollback or a promotion moves it.
 *
 * @param options.reuse see `TargetPlan.reuse`
 */
export async function planTarget(
  service: string,
  target: Target,
  image: TargetImage<PlannedImage>,
  context: TargetContext,
  options: { readonly registry: string; readonly reuse?: string | undefined },
): Promise<TargetPlan> {
  const { registry, reuse } = options;
  const plan = await lookAndPlan(service, target, image, context);
  return withChecks(reuse === undefined ? plan : { ...plan, reuse }, image, registry, context);
}

/** What moving a target to an image would change, by how the target is now; nothing is checked yet. */
export async function lookAndPlan(
  service: string,
  target: Target,
  image: TargetImage<PlannedImage>,
  context: TargetContext,
): Promise<TargetPlan> {
  const kind = kindOf(target);
  return kind.plan(service, target, await kind.inspect(target, context, image), image);
}
