import type { Problem } from "../../config/problems/errors.ts";
import { type RecordedRelease, recordLate } from "../history/write.ts";
import { withProofs } from "../plan/prove.ts";
import { imagesByService } from "../plan/target-image.ts";
import { planTargets } from "../plan/targets.ts";
import { imageReference } from "../registry/image.ts";
import type { EarlierRelease } from "../release/record.ts";
import { readHead } from "../release/store.ts";
import type { Session } from "../session/session.ts";
import type { Phase } from "../session/timeline.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";
import { isMove } from "../targets/target.ts";
import type { DeployDocument } from "./document.ts";
import { judgeOutcome, outcomesOfPlans } from "./outcome.ts";
import { type Moved, type MoveOptions, type MovingService, moveServices } from "./services.ts";

/** A service, and the image of a release of it that is to run. */
export type ChosenImage = Omit<MovingService, "targets" | "head"> & { readonly release: EarlierRelease };
export type PlannedImage = ChosenImage & MovingService;

/** What moving images that are there is reported as: the common part of a rollback and a promotion. */
export interface MovedDocument {
  readonly version: 1;
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** `planned`: with `--dry-run`, nothing was changed. */
  readonly outcome: DeployDocument["outcome"] | "planned";
  readonly services: readonly {
    readonly service: string;
    /** The release whose image it is. */
    readonly release: EarlierRelease;
    readonly digest: string;
    /** `<registry>/<repository>@<digest>` */
    readonly reference: string;
    readonly targets: readonly Pick<TargetPlan, "title" | "action" | "changes" | "notes">[];
  }[];
  readonly targets: readonly TargetOutcome[];
  /** The records that were written of it. */
  readonly releases: readonly RecordedRelease[];
  /** Where the time went. */
  readonly timeline: readonly Phase[];
  readonly milliseconds: number;
}

/**
 * Finds out what moving targets to these images would change: the same looks as for a deployment. Only
 * reads; what stands in the way are problems of the plans.
 */
export async function planImages(
  session: Session,
  chosen: readonly ChosenImage[],
): Promise<readonly PlannedImage[]> {
  const { clients, settings, signal } = session;
  const images = imagesByService(chosen.map(({ image }) => image));
  return session.timeline.run({ id: "check", title: "Check the targets" }, async () => {
    const planned = await Promise.all(
      chosen.map(async (one) => {
        const [targets, head] = await Promise.all([
          planTargets(session, one.service, one.image, images, "check", one.earlier),
          readHead(clients, one.image.repository, settings.stack, signal),
        ]);
        return { ...one, targets, head };
      }),
    );
    return withProofs(planned);
  });
}

/** What stands in the way of moving images. Pure. */
export function problemsOfImages(planned: readonly PlannedImage[]): readonly Problem[] {
  return planned.flatMap(({ targets }) => targets.flatMap(({ problems }) => problems));
}

/** Moves targets to the images that they were planned with, follows and records it. */
export async function moveImages(
  session: Session,
  planned: readonly PlannedImage[],
  options: MoveOptions,
): Promise<MovedDocument> {
  let moved: Moved = { outcomes: [], releases: [], planned };
  try {
    if (planned.some(({ targets }) => targets.some(({ action }) => action !== "none"))) {
      moved = await moveServices(session, planned, options);
    }
    if (!session.signal.aborted) {
      const late = await recordLate(session, moved.planned, moved.outcomes);
      moved = { ...moved, releases: [...moved.releases, ...late] };
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
  const nothingToDo = !planned.some(({ targets }) => targets.some(isMove));
  const targets = outcomesOfPlans(
    planned.flatMap((one) => one.targets),
    moved.outcomes,
  );
  const interrupted = session.signal.aborted;
  return {
    ...documentOfPlan(session, planned),
    outcome: judgeOutcome({ nothingToDo, targets, interrupted }),
    targets,
    releases: moved.releases,
  };
}

/** The document of what was planned and not begun. */
export function documentOfPlan(session: Session, planned: readonly PlannedImage[]): MovedDocument {
  const { settings, caller, timeline } = session;
  return {
    version: 1,
    stack: settings.stack,
    account: caller.account,
    region: settings.aws.region,
    outcome: "planned",
    services: planned.map(({ service, image, release, targets }) => ({
      service: service.name,
      release,
      digest: image.digest,
      reference: imageReference(image),
      targets: targets.map(({ title, action, changes, notes }) => ({ title, action, changes, notes })),
    })),
    targets: [],
    releases: [],
    timeline: timeline.phases,
    milliseconds: timeline.elapsed(),
  };
}
