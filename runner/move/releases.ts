import type { ExitCode, Problem } from "../../config/problems/errors.ts";
import type { CopiedFrom } from "../gates/baseline.ts";
import type { Foretold, ForetoldRun } from "../gates/foretell.ts";
import type { RecordedRelease } from "../history/write.ts";
import { exitCodeOfProblems, problemsOf } from "../plan/plan.ts";
import { planProofs } from "../plan/prove.ts";
import { imagesByService } from "../plan/target-image.ts";
import { planTargets } from "../plan/targets.ts";
import { imageReference } from "../registry/image.ts";
import type { EarlierRelease } from "../release/record.ts";
import { readNewestRecord } from "../release/store.ts";
import { unlessInterrupted } from "../session/interruption.ts";
import type { Session } from "../session/session.ts";
import type { Phase } from "../session/timeline.ts";
import { type Where, whereOf } from "../session/where.ts";
import type { Gate } from "../targets/gate.ts";
import { isMove, type TargetOutcome, type TargetPlan } from "../targets/target.ts";
import type { DeployDocument } from "./document.ts";
import { judgeOutcome, outcomesOfPlans } from "./outcome.ts";
import { type MoveOptions, moveServices, nothingMoved, type ServiceToMove } from "./services.ts";

/** A service, and the image of the release to move it to. */
export type ChosenRelease = Omit<ServiceToMove, "targets" | "newestRecord"> & {
  readonly release: EarlierRelease;
};
/** The same, and what moving its targets there would change. */
export type PlannedRelease = ChosenRelease & ServiceToMove;

/** What moving images that are there is reported as: the common part of a rollback and a promotion. */
export interface MovedDocument extends Where {
  readonly version: 1;
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
    /** With `--dry-run`: what the gates of `slipway:gates` will say, as far as it is known. */
    readonly gates?: readonly Gate[];
    /** With `--dry-run`: what would refuse the run. */
    readonly problems?: readonly Problem[];
  }[];
  readonly targets: readonly TargetOutcome[];
  /** The records that were written of it. */
  readonly releases: readonly RecordedRelease[];
  /** How long each phase took. */
  readonly timeline: readonly Phase[];
  readonly milliseconds: number;
}

/**
 * Finds out what moving targets to these releases would change, as a plan of a deployment does. Only reads;
 * what stands in the way are problems of the plans.
 */
export async function planReleases(
  session: Session,
  chosen: readonly ChosenRelease[],
): Promise<readonly PlannedRelease[]> {
  const { clients, settings, signal } = session;
  const images = imagesByService(chosen.map(({ image }) => image));
  return session.timeline.run({ id: "check", title: "Check the targets" }, async (step) => {
    const planned = await Promise.all(
      chosen.map(async (one) => {
        const { service, image, reuse } = one;
        const [targets, newestRecord] = await Promise.all([
          planTargets(session, { service, image, images, reuse }, step, chosen.length),
          readNewestRecord(clients, image.repository, settings.stack, signal),
        ]);
        return { ...one, targets, newestRecord };
      }),
    );
    return planProofs(planned);
  });
}

/** Problems that prevent moving to the releases. */
export function problemsOfReleases(planned: readonly PlannedRelease[]): readonly Problem[] {
  return problemsOf(planned.map(({ targets }) => ({ problems: [], targets })));
}

/** Moves targets to the releases that they were planned with, follows them to their end, and records it. */
export async function moveReleases(
  session: Session,
  planned: readonly PlannedRelease[],
  options: MoveOptions,
): Promise<MovedDocument> {
  const moved = await unlessInterrupted(session, () => moveServices(session, planned, options), nothingMoved);
  const plans = planned.flatMap(({ targets }) => targets);
  const targets = outcomesOfPlans(plans, moved.outcomes);
  const nothingToDo = !plans.some(isMove);
  return {
    ...documentOfPlan(session, planned),
    outcome: judgeOutcome({ nothingToDo, targets, interrupted: session.signal.aborted }),
    targets,
    releases: moved.releases,
  };
}

/**
 * The document of a dry run, with what the stack's gates will say. A stack without gates loads and calls nothing for
 * them.
 */
export async function foretellReleases(
  session: Session,
  planned: readonly (PlannedRelease & { readonly copiedFrom?: CopiedFrom })[],
  run: ForetoldRun,
): Promise<MovedDocument> {
  if (session.settings.gates === undefined) return documentOfPlan(session, planned);
  const { foretellGates } = await import("../gates/foretell.ts");
  const foretold = await session.timeline.run({ id: "gates", title: "Look at what the gates will say" }, () =>
    foretellGates(session, planned, run),
  );
  return documentOfPlan(session, planned, foretold);
}

/** What a dry run exits with: as the run would if it were refused. */
export function exitCodeOfDryRun({ services }: Pick<MovedDocument, "services">): 0 | ExitCode {
  return exitCodeOfProblems(services.flatMap(({ problems = [] }) => problems));
}

function documentOfPlan(
  session: Session,
  planned: readonly PlannedRelease[],
  foretold: readonly Foretold[] = [],
): MovedDocument {
  const { timeline } = session;
  const told = new Map(foretold.map((one) => [one.service, one]));
  return {
    version: 1,
    ...whereOf(session),
    outcome: "planned",
    services: planned.map(({ service, image, release, targets }) => ({
      service: service.name,
      release,
      digest: image.digest,
      reference: imageReference(image),
      targets: targets.map(({ title, action, changes, notes }) => ({ title, action, changes, notes })),
      ...gatesOf(told.get(service.name)),
    })),
    targets: [],
    releases: [],
    timeline: timeline.phases,
    milliseconds: timeline.elapsed(),
  };
}

function gatesOf(
  foretold: Foretold | undefined,
): Pick<MovedDocument["services"][number], "gates" | "problems"> {
  if (foretold === undefined) return {};
  return { gates: foretold.gates, problems: foretold.problems };
}
