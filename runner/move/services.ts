import type { Service } from "../../config/catalogue/catalogue.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { GateOverride } from "../cli/override.ts";
import { recordUnrecorded, unrecorded } from "../history/unrecorded.ts";
import { type RecordedRelease, recordReleases, type ServiceToRecord } from "../history/write.ts";
import { putKeepTags } from "../in-use/mark.ts";
import { type NewestWins, refuseOlderNow } from "../plan/newest-wins.ts";
import { planProofs } from "../plan/prove.ts";
import { imagesByService } from "../plan/target-image.ts";
import { planTargets } from "../plan/targets.ts";
import type { StoredRelease } from "../release/record.ts";
import { readNewestRecord } from "../release/store.ts";
import type { Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import { kindOf } from "../targets/kinds.ts";
import { isMove, type TargetOutcome } from "../targets/target.ts";
import { moveTargets } from "./groups.ts";
import { lockTargets } from "./lock.ts";
import { outcomesOfPlans } from "./outcome.ts";
import type { TargetMove, TargetResult } from "./target.ts";

/** A service, the image that its targets are to run, and their plans. */
export interface ServiceToMove extends ServiceToRecord {
  readonly service: Service;
  /** The newest release record of the service on this stack. */
  readonly newestRecord: StoredRelease | undefined;
  /** Undefined where nothing keeps an older commit from being moved, as for a rollback. */
  readonly newestWins?: NewestWins | undefined;
  /** Title of a target → see `TargetPlan.reuse`. */
  readonly reuse?: Readonly<Record<string, string>>;
}

/** What became of the targets of a run, and the records of it. */
export interface MoveResult {
  readonly outcomes: readonly TargetOutcome[];
  readonly releases: readonly RecordedRelease[];
}

/** The result of a run that moved nothing. */
export const nothingMoved: MoveResult = { outcomes: [], releases: [] };

/** How services are moved. */
export interface MoveOptions {
  /** Whether the plans may be out of date, so that the targets are looked at again. */
  readonly stale: boolean;
  /** Whether to roll back the targets that moved if one fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /** Gates to pass whatever they say. */
  readonly override?: GateOverride | undefined;
  /** See `TargetContext.waitMerge`. */
  readonly waitMerge?: boolean | undefined;
}

/**
 * Moves all targets of services to images that are in the registry, follows each to its end, and records
 * how it ended, all under the stack's lock. Deployments, rollbacks and promotions come through here; so
 * does a run that has nothing to move, which marks and records what runs already.
 *
 * @throws UserError when something stands in the way that was not there when the targets were planned;
 *   with exit code 3 if a newer commit was released since the plan, or a gate of the stack refuses an image
 */
export async function moveServices(
  session: Session,
  planned: readonly ServiceToMove[],
  options: MoveOptions,
): Promise<MoveResult> {
  const { timeline } = session;
  if (planned.every(({ service }) => service.targets.length === 0)) return nothingMoved;
  // Before the lock: a scan may take minutes.
  const services = await passGates(session, planned, options.override);
  if (options.stale || services.some(({ targets }) => targets.some(({ action }) => action !== "none"))) {
    return timeline.run({ id: "move", title: "Update the targets" }, (step) =>
      withLock(session, async (waited) => {
        // What was found before a build of minutes, or before another run was done, may have changed.
        const current = options.stale || waited ? await planAgain(session, services, step) : services;
        return moveAndRecord(session, current, options, step);
      }),
    );
  }
  const moves = movesOf(services);
  const plans = moves.map(({ plan }) => plan);
  await putKeepTags(session, moves, outcomesOfPlans(plans, []));
  if (unrecorded(services, []).length === 0) return nothingMoved;
  return withLock(session, async (waited) => {
    // The other run may have recorded it.
    const records = waited ? await withNewestRecords(session, services) : services;
    return { outcomes: [], releases: await recordUnrecorded(session, records, []) };
  });
}

/** The services with what the stack's gates say. A stack without gates loads and calls nothing for them. */
async function passGates(
  session: Session,
  services: readonly ServiceToMove[],
  override: GateOverride | undefined,
): Promise<readonly ServiceToMove[]> {
  if (session.settings.gates === undefined) return services;
  const { askGates } = await import("../gates/ask.ts");
  return askGates(session, services, override);
}

async function withLock<T>(session: Session, work: (waited: boolean) => Promise<T>): Promise<T> {
  const { directory, settings, emit, signal } = session;
  const lock = await lockTargets(directory, settings.stack, { emit, signal });
  try {
    return await work(lock.waited);
  } finally {
    await lock.release();
  }
}

async function moveAndRecord(
  session: Session,
  services: readonly ServiceToMove[],
  { allOrNothing = session.settings.deploy.allOrNothing, waitMerge = false }: MoveOptions,
  step: Step,
): Promise<MoveResult> {
  const moves = movesOf(services);
  const problems = moves.flatMap(({ plan }) => plan.problems);
  // Nothing has been moved: it is refused as it would have been before.
  if (problems.length > 0) throw new UserError(problems);
  const startedAt = new Date();
  const moving = services.filter(({ targets }) => targets.some(isMove));
  const { warnOfDue } = await import("../in-use/due.ts");
  const [results] = await Promise.all([
    moveTargets(session, moves, { step: step.id, allOrNothing, waitMerge }),
    warnOfDue(session, moving),
  ]);
  const outcomes = results.map(({ outcome }) => outcome);
  const byService = Map.groupBy(results, ({ move }) => move.plan.service);
  const moved = services.map((one) => withLastVerdict(one, byService.get(one.service.name) ?? []));
  const [releases] = await Promise.all([
    recordReleases(session, moved, outcomes, startedAt),
    putKeepTags(session, moves, outcomes),
  ]);
  const found = session.signal.aborted ? [] : await recordUnrecorded(session, moved, outcomes);
  return { outcomes, releases: [...releases, ...found] };
}

function movesOf(services: readonly ServiceToMove[]): readonly TargetMove[] {
  const images = imagesByService(services.map(({ image }) => image));
  return services.flatMap(({ targets, image, newestWins, about }) =>
    targets.map((plan) => ({
      plan,
      commit: about.source.commit,
      image: kindOf(plan.target).imageFor(plan.target, image, images),
      newestWins,
    })),
  );
}

/**
 * Plans and checks the services again: their targets, their newest records, and whether a newer commit was
 * released since the first plan.
 *
 * @throws UserError with exit code 3 when one was
 */
async function planAgain(
  session: Session,
  services: readonly ServiceToMove[],
  step: Step,
): Promise<readonly ServiceToMove[]> {
  const images = imagesByService(services.map(({ image }) => image));
  const looked = await Promise.all(
    (await withNewestRecords(session, services)).map(async (one) => {
      const { service, image, reuse } = one;
      const marked = new Map(one.targets.map((plan) => [plan.title, plan.marked]));
      const plans = await planTargets(session, { service, image, images, reuse }, step, services.length);
      return {
        ...one,
        targets: plans.map((plan) => ({ ...plan, marked: marked.get(plan.title) })),
      };
    }),
  );
  return refuseNewer(session, planProofs(looked));
}

function withNewestRecords(session: Session, services: readonly ServiceToMove[]) {
  const { clients, settings, signal } = session;
  return Promise.all(
    services.map(async (one) => {
      const { repository } = one.image;
      return {
        ...one,
        newestRecord: await readNewestRecord(clients, repository, settings.stack, signal),
      };
    }),
  );
}

/**
 * Asks again whether a newer commit runs where services are to be moved.
 *
 * @throws UserError with exit code 3 when one does
 */
export async function refuseNewer(
  session: Session,
  services: readonly ServiceToMove[],
): Promise<readonly ServiceToMove[]> {
  const asked = await Promise.all(
    services.map(async (one) => {
      const { service, image, targets, newestWins } = one;
      if (newestWins === undefined || !targets.some(isMove)) return { service: one, problems: [] };
      const { repository } = image;
      const now = await refuseOlderNow(session, newestWins, { service: service.name, repository });
      return { service: withVerdict(one, now), problems: now.problems };
    }),
  );
  const problems = asked.flatMap((one) => one.problems);
  if (problems.length > 0) throw new UserError(problems, { exitCode: 3 });
  return asked.map(({ service }) => service);
}

/**
 * A service with the verdict of newest wins from when one of its targets was looked at again.
 *
 * @param own the results of its targets
 */
function withLastVerdict(service: ServiceToMove, own: readonly TargetResult[]): ServiceToMove {
  const later = own.flatMap(({ move: { newestWins } }) =>
    newestWins === undefined || newestWins === service.newestWins ? [] : [newestWins],
  );
  const last = later.find(({ problems }) => problems.length > 0) ?? later.at(-1);
  return last === undefined ? service : withVerdict(service, last);
}

function withVerdict(service: ServiceToMove, newestWins: NewestWins): ServiceToMove {
  const replaced = new Set(newestWins.gates.map(({ gate }) => gate));
  const before: readonly Gate[] = service.about.gates;
  const gates = before.some(({ gate }) => replaced.has(gate))
    ? before.flatMap((gate) => (replaced.has(gate.gate) ? newestWins.gates : [gate]))
    : [...before, ...newestWins.gates];
  return { ...service, newestWins, about: { ...service.about, gates } };
}
