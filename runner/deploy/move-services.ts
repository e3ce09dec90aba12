import type { Service } from "../../config/catalogue.ts";
import { UserError } from "../../config/errors.ts";
import type { Image } from "../registry/image.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import { planTarget } from "./inspect.ts";
import { keepRunning } from "./keep.ts";
import { lockTargets } from "./lock.ts";
import { moveTargets } from "./move.ts";
import type { Move } from "./move-target.ts";
import type { Session } from "./session.ts";

/** A service, the image in the registry that its targets are to run, and how they were found. */
export interface MovingService {
  readonly service: Service;
  readonly image: Image;
  /** A plan for each target of the service, in its order. */
  readonly targets: readonly TargetPlan[];
}

/**
 * Moves all targets of services to images that are in the registry, under the stack's lock, and
 * follows each to its end. What deploys, rolls back and promotes comes through here.
 *
 * @param options.stale whether the plans may be out of date, so that targets are looked at again
 * @param options.allOrNothing whether what was moved is put back when a target fails; default: the stack's setting
 * @returns an outcome for each target
 * @throws UserError when something stands in the way that was not there when the targets were planned
 */
export async function moveServices(
  session: Session,
  moving: readonly MovingService[],
  options: { readonly stale: boolean; readonly allOrNothing?: boolean | undefined },
): Promise<readonly TargetOutcome[]> {
  const { directory, settings, signal, emit, timeline } = session;
  if (moving.every(({ service }) => service.targets.length === 0)) return [];
  return timeline.run({ id: "move", title: "Move what runs them" }, async () => {
    const lock = await lockTargets(directory, settings.stack, { emit, signal });
    try {
      // What was found before a build of minutes, or before another run was done, may not be so any more.
      const stale = options.stale || lock.waited;
      const moves = (stale ? await planAgain(session, moving) : moving).flatMap(({ image, targets }) =>
        targets.map((plan): Move => ({ plan, image })),
      );
      const problems = moves.flatMap(({ plan }) => plan.problems);
      if (problems.length > 0) throw new UserError(problems, { exitCode: 1 });
      const { allOrNothing = settings.deploy.allOrNothing } = options;
      const outcomes = await moveTargets(session, moves, { step: "move", allOrNothing });
      await keepRunning(session, moves, outcomes);
      return outcomes;
    } finally {
      await lock.release();
    }
  });
}

function planAgain(session: Session, moving: readonly MovingService[]): Promise<readonly MovingService[]> {
  return Promise.all(
    moving.map(async ({ service, image }) => ({
      service,
      image,
      targets: await Promise.all(
        service.targets.map((target) => planTarget(session, service, target, image, "move")),
      ),
    })),
  );
}
