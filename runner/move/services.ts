import type { Service } from "../../config/catalogue/catalogue.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { type MovedService, type RecordedRelease, recordReleases } from "../history/write.ts";
import { keepRunning } from "../in-use/mark.ts";
import { withProofs } from "../plan/prove.ts";
import { imagesByService, targetImage } from "../plan/target-image.ts";
import { planTarget } from "../plan/targets.ts";
import type { StoredRelease } from "../release/record.ts";
import { readHead } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import { kindOf } from "../targets/kinds.ts";
import type { TargetOutcome } from "../targets/target.ts";
import { moveTargets } from "./groups.ts";
import { lockTargets } from "./lock.ts";
import type { Move } from "./target.ts";

/** A service, the image in the registry that its targets are to run, and how they were found. */
export interface MovingService extends MovedService {
  readonly service: Service;
  /** The newest release record of the service on this stack. */
  readonly head: StoredRelease | undefined;
  /** Title of a target → what an earlier release left in it: see `TargetPlan.earlier`. */
  readonly earlier?: Readonly<Record<string, string>>;
}

/** What became of the targets, and the records of it. */
export interface Moved {
  readonly outcomes: readonly TargetOutcome[];
  readonly releases: readonly RecordedRelease[];
  /** The services as they were moved: planned again where the plans were out of date. */
  readonly planned: readonly MovingService[];
}

/** How services are moved. */
export interface MoveOptions {
  /** Whether the plans may be out of date, so that targets are looked at again. */
  readonly stale: boolean;
  /** Whether what was moved is put back when a target fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /**
   * Asked once more when targets have changed since they were planned: what makes it pointless to move
   * them by now, a newer release.
   */
  readonly mayMove?: (services: readonly MovingService[]) => Promise<readonly Problem[]>;
}

/**
 * Moves all targets of services to images that are in the registry, under the stack's lock, and
 * follows each to its end, and records it. What deploys, rolls back and promotes comes through here.
 *
 * @throws UserError when something stands in the way that was not there when the targets were planned
 */
export async function moveServices(
  session: Session,
  moving: readonly MovingService[],
  options: MoveOptions,
): Promise<Moved> {
  const { directory, settings, signal, emit, timeline } = session;
  if (moving.every(({ service }) => service.targets.length === 0))
    return { outcomes: [], releases: [], planned: moving };
  return timeline.run({ id: "move", title: "Move what runs them" }, async () => {
    const lock = await lockTargets(directory, settings.stack, { emit, signal });
    try {
      // What was found before a build of minutes, or before another run was done, may not be so any more.
      const stale = options.stale || lock.waited;
      const planned = stale ? await planAgain(session, moving) : moving;
      const pointless = stale ? ((await options.mayMove?.(planned)) ?? []) : [];
      if (pointless.length > 0) throw new UserError(pointless, { exitCode: 3 });
      const images = imagesByService(moving.map(({ image }) => image));
      const moves = planned.flatMap((one) =>
        one.targets.map(
          (plan): Move => ({
            plan,
            image: targetImage(plan.target, one.image, images),
            mayMove: async () => (await options.mayMove?.([one])) ?? [],
          }),
        ),
      );
      const problems = moves.flatMap(({ plan }) => plan.problems);
      // Nothing was moved: it is refused as it would have been before.
      if (problems.length > 0) throw new UserError(problems);
      const { allOrNothing = settings.deploy.allOrNothing } = options;
      const startedAt = new Date();
      const outcomes = await moveTargets(session, moves, { step: "move", allOrNothing });
      const [releases] = await Promise.all([
        recordReleases(session, planned, outcomes, startedAt),
        keepRunning(session, moves, outcomes),
      ]);
      return { outcomes, releases, planned };
    } finally {
      await lock.release();
    }
  });
}

/** The services with their targets looked at anew, checked like the first time, and their newest records. */
async function planAgain(
  session: Session,
  moving: readonly MovingService[],
): Promise<readonly MovingService[]> {
  const images = imagesByService(moving.map(({ image }) => image));
  const { clients, settings, signal } = session;
  const planned = await Promise.all(
    moving.map(async (one) => {
      const { service, image, earlier = {} } = one;
      const reading = readHead(clients, image.repository, settings.stack, signal);
      const looking = Promise.all(
        service.targets.map((target) =>
          planTarget(
            session,
            service,
            target,
            targetImage(target, image, images),
            "move",
            earlier[kindOf(target).title(target)],
          ),
        ),
      );
      const [head, targets] = await Promise.all([reading, looking]);
      return { ...one, head, targets };
    }),
  );
  return withProofs(planned);
}
