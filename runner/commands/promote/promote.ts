import pMap from "p-map";
import { sourceTag } from "../../../config/names.ts";
import { type Problem, UserError } from "../../../config/problems/errors.ts";
import { chooseOneOf } from "../../history/image.ts";
import { readReleases, type ServiceReleases, servicesToMove, thatRun } from "../../history/read.ts";
import {
  documentOfPlan,
  type MovedDocument,
  moveImages,
  type PlannedImage,
  planImages,
  problemsOfImages,
} from "../../move/images.ts";
import type { MovingService } from "../../move/services.ts";
import type { NewestWins } from "../../plan/newest-wins.ts";
import { exitCodeOfProblems } from "../../plan/plan.ts";
import type { Copied } from "../../registry/copy.ts";
import { findReleases, isSuccessful, runningRelease } from "../../release/history.ts";
import type { EarlierRelease } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { whereOf } from "../../session/where.ts";
import { isMove } from "../../targets/target.ts";
import { readCheckedOut } from "./checked-out.ts";
import { copyPromoted } from "./copy.ts";
import { type Promotion, problemsThere, promotionOf, type Where } from "./promotion.ts";

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

/** What one service's image is chosen by. */
export type PromotedBy = Pick<PromoteRequest, "release" | "unproven"> & {
  /** Hash of the source here, when its image is the one that is wanted. */
  readonly sourceHash?: string | undefined;
};

/** Codes of what is refused for want of proof; everything else is a wrong choice. */
const gates = ["unproven", "not-deployed"];

/** `slipway promote`. */
export interface PromoteDocument extends MovedDocument {
  readonly kind: "promote";
  readonly from: Where;
  /** What was copied for each service; absent with `--dry-run`. */
  readonly copied: readonly ({ readonly service: string; readonly tags: readonly string[] } & Copied)[];
}

export interface PreparedPromotion {
  readonly promotions: readonly Promotion[];
  readonly planned: readonly PlannedImage[];
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
      message: "is the stack that it comes from",
      fix: "name two stacks; to go back on one, use: slipway rollback",
    });
  }
  const promotions = await to.timeline.run(
    { id: "releases", title: `Read the release records of ${from.settings.stack}` },
    async ({ conclude }) => {
      const source = request.checkedOut ? await readCheckedOut(from) : undefined;
      const asked = request.release === undefined ? [] : [request.release];
      // Who names an image needs no right to see what runs.
      const named = source !== undefined || request.release !== undefined;
      const all = thatRun(await readReleases(from, { asked, running: !named }), from);
      const choices = all.map((of) => {
        const by = { ...request, sourceHash: source?.hashes.get(of.service.name) };
        return { of, choice: choosePromoted(of, by, from.settings.stack) };
      });
      const refused = choices.flatMap(({ choice }) => ("code" in choice ? [choice] : []));
      if (refused.length > 0) {
        const gate = refused.every(({ code }) => gates.includes(code));
        throw new UserError(refused, { exitCode: gate ? 3 : 2 });
      }
      const chosen = choices.flatMap(({ of, choice }) => ("code" in choice ? [] : [{ of, release: choice }]));
      conclude("done", chosen.map(({ of, release }) => `${of.service.name}: ${release.id}`).join(", "));
      const moving = servicesToMove(
        to,
        chosen.map(({ of }) => of.service.name),
      );
      return pMap(
        chosen,
        ({ of, release }) => {
          const service = moving.find(({ name }) => name === of.service.name);
          if (service === undefined)
            throw new Error(`${of.service.name} is no service of ${to.settings.stack}`);
          const promoted = { release, checkedOut: source, version: request.version };
          return promotionOf(from, to, service, of, promoted, request);
        },
        { concurrency: 8 },
      );
    },
  );
  const [there, planned] = await Promise.all([
    Promise.all(promotions.map((one) => problemsThere(to, one))),
    planImages(
      to,
      promotions.map(({ chosen }) => chosen),
    ),
  ]);
  const newer = await newerReleases(promotions, planned, (newest, moving) => newest.check(moving));
  const problems = [...there.flat(), ...problemsOfImages(planned), ...newer];
  const exitCode = exitCodeOfProblems(problems);
  if (exitCode !== 0) throw new UserError(problems, { exitCode });
  return { promotions, planned };
}

/** What keeps promotions from being moved over newer releases; each is of a commit of its own. */
async function newerReleases(
  promotions: readonly Promotion[],
  planned: readonly MovingService[],
  ask: (newest: NewestWins, moving: Parameters<NewestWins["check"]>[0]) => Promise<readonly Problem[]>,
): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    promotions.map(async ({ image, newest }) => {
      const moving = planned.filter((one) => one.service.name === image.service && one.targets.some(isMove));
      return ask(
        newest,
        moving.map(({ head }) => ({ service: image.service, repository: image.repository, head })),
      );
    }),
  );
  return problems.flat();
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
  const moved = await moveImages(to, planned, {
    // Copying between registries takes minutes: something may have been deployed there meanwhile.
    stale: copied.some(({ uploaded }) => uploaded > 0),
    allOrNothing,
    mayMove: (moving) => newerReleases(promotions, moving, (newest, services) => newest.checkAgain(services)),
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

/** The release that is promoted, or why none is. Pure. */
export function choosePromoted(
  {
    service,
    repository,
    releases,
    running,
  }: Omit<ServiceReleases, "service"> & { service: { name: string } },
  { release: asked, sourceHash, unproven }: PromotedBy,
  stack: string,
): EarlierRelease | Problem {
  const where = `${repository}, stack ${stack}`;
  const matching =
    sourceHash !== undefined
      ? releases.filter((release) => release.sourceHash === sourceHash)
      : asked === undefined
        ? []
        : findReleases(releases, asked);
  const found =
    sourceHash === undefined && asked === undefined
      ? runningRelease(releases, running)
      : (matching.find(isSuccessful) ?? matching[0]);
  const proven = releases.filter(isSuccessful);
  if (found === undefined && sourceHash !== undefined) {
    return {
      code: "not-deployed",
      where,
      value: sourceTag(sourceHash),
      message: `${service.name} as it is here was never deployed to ${stack}: nothing proves that it runs`,
      fix: `deploy this commit first: slipway deploy ${service.name} --stack ${stack}; or build it for the other stack, without proof: slipway deploy ${service.name} --stack <stack>`,
    };
  }
  if (found === undefined) {
    return {
      code: asked === undefined ? "no-release" : "unknown-release",
      where,
      ...(asked === undefined ? {} : { value: asked }),
      message:
        asked === undefined
          ? `what runs of ${service.name} is no release that is recorded`
          : `${service.name} has no release with this id, tag, commit or digest`,
      fix: chooseOneOf(proven, "that ended well", "--release"),
    };
  }
  if (unproven || proven.some(({ image }) => image === found.image)) return found;
  return {
    code: "unproven",
    where,
    value: found.id,
    message: `this image of ${service.name} never ran well on ${stack} (${found.outcome})`,
    fix: `${chooseOneOf(proven, "that ended well", "--release")}; or take it all the same with --unproven`,
  };
}
