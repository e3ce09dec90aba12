import pMap from "p-map";
import { UserError } from "../../../config/problems/errors.ts";
import type { GateOverride } from "../../cli/override.ts";
import { readReleases, type ServiceReleases, servicesToMove, thatRun } from "../../history/read.ts";
import {
  foretellReleases,
  type MovedDocument,
  moveReleases,
  type PlannedRelease,
  planReleases,
  problemsOfReleases,
} from "../../move/releases.ts";
import { staysThere } from "../../move/show.ts";
import { refuseOlder } from "../../plan/newest-wins.ts";
import { exitCodeOfProblems } from "../../plan/plan.ts";
import { getManifest } from "../../registry/lookup.ts";
import type { EarlierRelease } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { type Where, whereOf } from "../../session/where.ts";
import { isMove } from "../../targets/target.ts";
import { type CheckedOut, readCheckedOut } from "./checked-out.ts";
import { choosePromoted } from "./choose.ts";
import { type CopiedService, copyPromoted } from "./copy.ts";
import { checkThere, type Promotion, promotionOf } from "./promotion.ts";

export interface PromoteRequest {
  /** A release's id, a tag, or the prefix of a commit or digest; default: what runs on the source stack. */
  readonly release: string | undefined;
  /** Whether to promote the images of the local source instead of what runs. */
  readonly checkedOut: boolean;
  /** `--version` or TAG, for the tags on the destination. */
  readonly version: string | undefined;
  /** Whether to accept an image without a successful release on the source stack. */
  readonly unproven: boolean;
  /** Whether to also replace a newer commit. Default: false. */
  readonly force?: boolean | undefined;
  /** Whether to roll back the targets that moved if one fails; default: the destination stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /** Whether to wait until pull requests of this run are merged. Default: false. */
  readonly waitMerge?: boolean | undefined;
  /** Gates of the destination stack to pass whatever they say. */
  readonly override?: GateOverride | undefined;
}

/** Codes of refusals for lack of proof; all other codes are usage errors. */
const proofCodes = ["unproven", "not-deployed"];

/** `slipway promote`. */
export interface PromoteDocument extends MovedDocument {
  readonly kind: "promote";
  readonly from: Where;
  /** The copied content of each service; empty with `--dry-run`. */
  readonly copied: readonly CopiedService[];
}

export interface PreparedPromotion {
  readonly promotions: readonly Promotion[];
  readonly planned: readonly PlannedRelease[];
}

/**
 * Finds the release of each service on one stack, and what its promotion to another would change. Only
 * reads.
 *
 * @throws UserError with all problems; exit code 3 for an image without a successful release, and if the
 *   only problem is a newer release
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
  const found = await choosePromotions(from, to, request);
  const chosen = found.map((one) => one.chosen);
  const [there, plans] = await Promise.all([
    Promise.all(found.map((one) => checkThere(to, one))),
    planReleases(to, chosen),
  ]);
  const promotions = there.map(({ promotion }) => promotion);
  const releases = plans.map((one, index) => ({
    ...one,
    about: promotions[index]?.chosen.about ?? one.about,
  }));
  const planned = await Promise.all(releases.map((one) => withNewestWins(to, one)));
  const newer = planned.flatMap(({ newestWins }) => newestWins?.problems ?? []);
  const problems = [...there.flatMap((one) => one.problems), ...problemsOfReleases(planned), ...newer];
  const exitCode = exitCodeOfProblems(problems);
  if (exitCode !== 0) throw new UserError(problems, { exitCode });
  return { promotions, planned };
}

/** The image to promote for each service, from the source stack's release records. */
function choosePromotions(
  from: Session,
  to: Session,
  request: PromoteRequest,
): Promise<readonly Promotion[]> {
  const title = `Read the release records of ${from.settings.stack}`;
  return to.timeline.run({ id: "releases", title }, async (step) => {
    const checkedOut = request.checkedOut ? await readCheckedOut(from) : undefined;
    const asked = request.release === undefined ? [] : [request.release];
    // A promotion that names an image needs no permission to read what runs.
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
 * The release to promote for each service.
 *
 * @throws UserError with every service that has none; exit code 3 if only proof is missing
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

/** Compares the release's commit with the newest one on the destination. */
async function withNewestWins(to: Session, planned: PlannedRelease): Promise<PlannedRelease> {
  const { service, targets, newestRecord, newestWins, about } = planned;
  if (newestWins === undefined || !targets.some(isMove)) return planned;
  const now = await refuseOlder(to, newestWins.candidate, { service: service.name, newestRecord });
  for (const message of now.notices) to.emit({ kind: "notice", message });
  return { ...planned, newestWins: now, about: { ...about, gates: [...about.gates, ...now.gates] } };
}

/** Runs a prepared promotion: copies, tags, moves, follows and records. */
export async function promote(
  from: Session,
  to: Session,
  { promotions, planned }: PreparedPromotion,
  { allOrNothing, override, waitMerge }: Pick<PromoteRequest, "allOrNothing" | "override" | "waitMerge">,
): Promise<PromoteDocument> {
  const copied = await to.timeline.run({ id: "copy", title: `Copy from ${from.settings.stack}` }, () =>
    copyPromoted(from, to, promotions),
  );
  if (to.settings.evidence !== undefined) {
    // What came with the image stays; what this stack asks for beyond it is added, with this stack's key.
    const { attachEvidence } = await import("../../evidence/step.ts");
    const images = planned.map(({ service, image }) => ({ service, image, provenance: undefined }));
    await attachEvidence(to, images);
  }
  const moved = await moveReleases(to, planned, {
    // A copy between registries takes minutes, in which another run may have deployed there.
    stale: copied.some(({ uploaded }) => uploaded > 0),
    allOrNothing,
    override,
    waitMerge,
  });
  return { ...moved, kind: "promote", from: whereOf(from), copied };
}

/** The document of what a promotion would do, and of what the destination's gates will say. */
export async function documentOfPromotion(
  from: Session,
  to: Session,
  { promotions, planned }: PreparedPromotion,
  { override }: Pick<PromoteRequest, "override">,
): Promise<PromoteDocument> {
  for (const one of promotions) {
    const message = staysThere(one.image.service, one.staying);
    if (message !== undefined) to.emit({ kind: "notice", message });
  }
  const places = new Map(promotions.map(({ source, image }) => [image.service, source]));
  const located = to.settings.gates === undefined ? planned : await pMap(planned, withPlace);
  const document = await foretellReleases(to, located, { override, signs: true });
  return { ...document, kind: "promote", from: whereOf(from), copied: [] };

  async function withPlace(one: PlannedRelease) {
    const source = places.get(one.service.name);
    if (source === undefined) return one;
    const { repository, digest } = one.image;
    const there = await getManifest(to.clients, repository, { imageDigest: digest }, to.signal);
    const { clients, registry } = from;
    const isCopied = there !== undefined;
    return { ...one, copiedFrom: { isCopied, clients, registry, repository: source.repository } };
  }
}
