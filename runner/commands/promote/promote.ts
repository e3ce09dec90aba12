import pMap from "p-map";
import { UserError } from "../../../config/problems/errors.ts";
import { readReleases, type ServiceReleases, servicesToMove, thatRun } from "../../history/read.ts";
import {
  documentOfPlan,
  type MovedDocument,
  moveReleases,
  type PlannedRelease,
  planReleases,
  problemsOfReleases,
} from "../../move/releases.ts";
import { refuseOlder } from "../../plan/newest-wins.ts";
import { exitCodeOfProblems } from "../../plan/plan.ts";
import type { Copied } from "../../registry/copy.ts";
import type { EarlierRelease } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { type Where, whereOf } from "../../session/where.ts";
import { isMove } from "../../targets/target.ts";
import { type CheckedOut, readCheckedOut } from "./checked-out.ts";
import { choosePromoted } from "./choose.ts";
import { copyPromoted } from "./copy.ts";
import { type Promotion, problemsThere, promotionOf } from "./promotion.ts";

export interface PromoteRequest {
  /** A release's id, a tag, the beginning of a commit or a digest; default: what runs on the stack it comes from. */
  readonly release: string | undefined;
  /** Whether the image of each service is the one that was built from the source here, instead of what runs. */
  readonly checkedOut: boolean;
  /** `--version` or TAG: the image's tags have it where it goes. */
  readonly version: string | undefined;
  /** Whether an image is taken that never ran well where it comes from. */
  readonly unproven: boolean;
  /** Whether it also replaces a newer commit. Default: false. */
  readonly force?: boolean | undefined;
  /** Whether what was moved is put back when a target fails; default: the setting of the stack it goes to. */
  readonly allOrNothing?: boolean | undefined;
}

/** Codes of what is refused for want of proof; everything else is a wrong choice. */
const proofCodes = ["unproven", "not-deployed"];

/** `slipway promote`. */
export interface PromoteDocument extends MovedDocument {
  readonly kind: "promote";
  readonly from: Where;
  /** What was copied for each service; absent with `--dry-run`. */
  readonly copied: readonly ({ readonly service: string; readonly tags: readonly string[] } & Copied)[];
}

export interface PreparedPromotion {
  readonly promotions: readonly Promotion[];
  readonly planned: readonly PlannedRelease[];
}

/**
 * Finds the release of each service on one stack, and what bringing its very image to another would
 * change there. Only reads.
 *
 * @throws UserError with everything that stands in the way; exit code 3 for an image that never ran well,
 *   and when only a newer release stands in the way
 */
export async function preparePromotion(
  from: Session,
  to: Session,
  request: PromoteRequest,
): Promise<PreparedPromotion> {
  if (from.settings.stack === to.settings.stack) {
    throw new UserError({
      code: "same-stack",
      where: "--to",
      value: to.settings.stack,
      message: "is also the stack to promote from",
      fix: "name two different stacks; to go back on one stack, run: slipway rollback",
    });
  }
  const promotions = await choosePromotions(from, to, request);
  const chosen = promotions.map((one) => one.chosen);
  const [there, found] = await Promise.all([
    Promise.all(promotions.map((one) => problemsThere(to, one))),
    planReleases(to, chosen),
  ]);
  const planned = await Promise.all(found.map((one) => withNewestWins(to, one)));
  const newer = planned.flatMap(({ newestWins }) => newestWins?.problems ?? []);
  const problems = [...there.flat(), ...problemsOfReleases(planned), ...newer];
  const exitCode = exitCodeOfProblems(problems);
  if (exitCode !== 0) throw new UserError(problems, { exitCode });
  return { promotions, planned };
}

/** The image of each service that is promoted, from the release records of the stack it comes from. */
function choosePromotions(
  from: Session,
  to: Session,
  request: PromoteRequest,
): Promise<readonly Promotion[]> {
  const title = `Read the release records of ${from.settings.stack}`;
  return to.timeline.run({ id: "releases", title }, async (step) => {
    const checkedOut = request.checkedOut ? await readCheckedOut(from) : undefined;
    const asked = request.release === undefined ? [] : [request.release];
    // Who names an image needs no right to see what runs.
    const running = checkedOut === undefined && request.release === undefined;
    const all = thatRun(await readReleases(from, { asked, running, step }), from);
    const chosen = chooseAll(all, request, checkedOut, from.settings.stack);
    step.conclude("done", chosen.map(({ of, release }) => `${of.service.name}: ${release.id}`).join(", "));
    const names = chosen.map(({ of }) => of.service.name);
    const moving = new Map(servicesToMove(to, names).map((service) => [service.name, service]));
    return pMap(
      chosen,
      ({ of, release }) => {
        const service = moving.get(of.service.name);
        if (service === undefined)
          throw new Error(`${of.service.name} is not a service of ${to.settings.stack}`);
        const promoted = { release, checkedOut, version: request.version };
        return promotionOf(from, to, service, of, promoted, request);
      },
      { concurrency: 8 },
    );
  });
}

/**
 * The release of each service that is promoted.
 *
 * @throws UserError with every service that has none; exit code 3 when all that is missing is proof
 */
function chooseAll(
  all: readonly ServiceReleases[],
  request: PromoteRequest,
  checkedOut: CheckedOut | undefined,
  stack: string,
): readonly { readonly of: ServiceReleases; readonly release: EarlierRelease }[] {
  const choices = all.map((of) => {
    const by = { ...request, sourceHash: checkedOut?.hashes.get(of.service.name) };
    return { of, choice: choosePromoted(of, by, stack) };
  });
  const refused = choices.flatMap(({ choice }) => ("code" in choice ? [choice] : []));
  if (refused.length > 0) {
    const isProof = refused.every(({ code }) => proofCodes.includes(code));
    throw new UserError(refused, { exitCode: isProof ? 3 : 2 });
  }
  return choices.flatMap(({ of, choice }) => ("code" in choice ? [] : [{ of, release: choice }]));
}

/** A release that is to be moved, held against the newest one there; each is of a commit of its own. */
async function withNewestWins(to: Session, planned: PlannedRelease): Promise<PlannedRelease> {
  const { service, targets, newestRecord, newestWins, about } = planned;
  if (newestWins === undefined || !targets.some(isMove)) return planned;
  const now = await refuseOlder(to, newestWins.candidate, { service: service.name, newestRecord });
  for (const message of now.notices) to.emit({ kind: "notice", message });
  return { ...planned, newestWins: now, about: { ...about, gates: [...about.gates, ...now.gates] } };
}

/** Copies, tags, moves, follows and records what was prepared. */
export async function promote(
  from: Session,
  to: Session,
  { promotions, planned }: PreparedPromotion,
  { allOrNothing }: Pick<PromoteRequest, "allOrNothing">,
): Promise<PromoteDocument> {
  const copied = await to.timeline.run({ id: "copy", title: `Copy from ${from.settings.stack}` }, () =>
    copyPromoted(from, to, promotions),
  );
  const moved = await moveReleases(to, planned, {
    // Copying between registries takes minutes: something may have been deployed there meanwhile.
    stale: copied.some(({ uploaded }) => uploaded > 0),
    allOrNothing,
  });
  return { ...moved, kind: "promote", from: whereOf(from), copied };
}

/** What a promotion would do, as its document. */
export function documentOfPromotion(
  from: Session,
  to: Session,
  { planned }: PreparedPromotion,
): PromoteDocument {
  return { ...documentOfPlan(to, planned), kind: "promote", from: whereOf(from), copied: [] };
}
