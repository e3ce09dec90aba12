import type { Service, Target } from "../../../config/catalogue/catalogue.ts";
import { type Problem, UserError } from "../../../config/problems/errors.ts";
import { imageGate } from "../../history/gates.ts";
import { chooseOneOf, findReleaseImage } from "../../history/image.ts";
import { readReleases, type ServiceReleases, servicesToMove, thatRun } from "../../history/read.ts";
import {
  type ChosenImage,
  documentOfPlan,
  type MovedDocument,
  moveImages,
  type PlannedImage,
  planImages,
  problemsOfImages,
} from "../../move/images.ts";
import {
  findReleases,
  isImageOf,
  isSuccessful,
  lastSuccessful,
  unrecordedMove,
} from "../../release/history.ts";
import type { EarlierRelease, ReleaseRecord } from "../../release/record.ts";
import { readRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";

export interface RollbackRequest {
  /** A release's id, a tag, the beginning of a commit or a digest; default: the last successful release. */
  readonly to: string | undefined;
  /** Whether an ECS service gets the release's own revision of the task definition back, and not only its image. */
  readonly withTaskDefinition: boolean;
  /** Whether what was moved is put back when a target fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /** Whether services were named: those with nothing to go back to are then refused, not left out. */
  readonly named: boolean;
}

/** `slipway rollback`. */
export interface RollbackDocument extends MovedDocument {
  readonly kind: "rollback";
  /** Services that have no release to go back to, when none was named. */
  readonly leftOut: readonly { readonly service: string; readonly reason: string }[];
}

export interface PreparedRollback {
  readonly planned: readonly PlannedImage[];
  readonly leftOut: RollbackDocument["leftOut"];
}

/**
 * Finds the release that each service goes back to, its image, and what that would change. Needs
 * services.yaml and the stack's file; no source, no build, no engine. Only reads.
 *
 * @throws UserError with everything that stands in the way, nothing changed
 */
export async function prepareRollback(session: Session, request: RollbackRequest): Promise<PreparedRollback> {
  const { timeline, emit } = session;
  const found = await timeline.run(
    { id: "releases", title: "Read the release records" },
    async ({ conclude }) => {
      const asked = request.to === undefined ? [] : [request.to];
      const all = thatRun(await readReleases(session, { asked }), session);
      const choices = all.map((of) => ({
        of,
        choice: chooseRelease(of, request.to, session.settings.stack),
      }));
      const refused = choices.flatMap(({ of, choice }) =>
        "code" in choice ? [{ of, problem: choice }] : [],
      );
      if (request.named || refused.length === choices.length) {
        if (refused.length > 0) throw new UserError(refused.map(({ problem }) => problem));
      }
      const leftOut = refused.map(({ of, problem }) => ({
        service: of.service.name,
        reason: problem.message,
      }));
      for (const { service, reason } of leftOut)
        emit({ kind: "notice", message: `${service} is left out: ${reason}` });
      const chosen = choices.flatMap(({ of, choice }) => ("code" in choice ? [] : [{ of, release: choice }]));
      if (request.to === undefined) {
        for (const { of, release } of chosen) {
          if (release !== unrecordedMove(of.releases, of.running)) continue;
          const message = `${of.service.name} runs ${release.id} already, and no release says since when: that move is finished and recorded; run it again to go further back`;
          emit({ kind: "notice", message });
        }
      }
      conclude("done", chosen.map(({ of, release }) => `${of.service.name} to ${release.id}`).join(", "));
      return { chosen, leftOut };
    },
  );
  const moving = servicesToMove(
    session,
    found.chosen.map(({ of }) => of.service.name),
  );
  const settled = await Promise.allSettled(
    found.chosen.map(({ of, release }) => {
      const service = moving.find(({ name }) => name === of.service.name) ?? of.service;
      return chooseImage(session, { ...of, service: movedAtOnce(service) }, release, request);
    }),
  );
  const problems = settled.flatMap((one) => {
    if (one.status === "fulfilled") return [];
    if (one.reason instanceof UserError) return one.reason.problems;
    throw one.reason;
  });
  if (problems.length > 0) throw new UserError(problems);
  const images = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const planned = await planImages(session, images);
  const obstacles = problemsOfImages(planned);
  if (obstacles.length > 0) throw new UserError(obstacles);
  return { planned, leftOut: found.leftOut };
}

/**
 * A service going back: its functions leave out the steps of a shift, since the image ran well before,
 * and its ECS services the task that runs before: a migration of the past undoes nothing, and its
 * failing must not stand in the way. Pure.
 */
export function movedAtOnce(service: Service): Service {
  const targets = service.targets.map((target): Target => {
    if (target.kind === "lambda") {
      const { shift: _steps, ...rest } = target;
      return rest;
    }
    const { before: _task, ...rest } = target;
    return rest;
  });
  return { ...service, targets };
}

/** Carries a prepared rollback out: moves, follows, proves and records as a deployment does. */
export async function rollback(
  session: Session,
  prepared: PreparedRollback,
  { allOrNothing }: Pick<RollbackRequest, "allOrNothing">,
): Promise<RollbackDocument> {
  const document = await moveImages(session, prepared.planned, { stale: false, allOrNothing });
  return { ...document, kind: "rollback", leftOut: prepared.leftOut };
}

/** What a rollback would do, as its document. */
export function documentOfRollback(
  session: Session,
  { planned, leftOut }: PreparedRollback,
): RollbackDocument {
  return { ...documentOfPlan(session, planned), kind: "rollback", leftOut };
}

/** The release that a service goes back to, or why there is none. Pure. */
export function chooseRelease(
  {
    service,
    repository,
    releases,
    running,
  }: Pick<ServiceReleases, "service" | "repository" | "releases" | "running">,
  to: string | undefined,
  stack: string,
): EarlierRelease | Problem {
  const where = `${repository}, stack ${stack}`;
  const successful = releases.filter(isSuccessful);
  if (to === undefined) {
    const unfinished = unrecordedMove(releases, running);
    if (unfinished !== undefined) return unfinished;
    const last = lastSuccessful(releases, running);
    if (last !== undefined) return last;
    return {
      code: "no-earlier-release",
      where,
      message:
        releases.length === 0
          ? `no release of ${service.name} is recorded`
          : `${service.name} has no successful release before the one that runs`,
      fix: "deploy from an earlier commit, or name a release with --to (slipway history shows them)",
    };
  }
  const matching = findReleases(releases, to);
  const good = matching.find(isSuccessful);
  if (good !== undefined) return good;
  const others = successful.filter(
    ({ image }) => !running.every((digest) => isImageOf({ image, manifests: {} }, digest)),
  );
  const [bad] = matching;
  if (bad !== undefined) {
    return {
      code: "release-failed",
      where,
      value: to,
      message: `release ${bad.id} of ${service.name} did not end well itself (${bad.outcome})`,
      fix: chooseOneOf(others, "that did"),
    };
  }
  return {
    code: "unknown-release",
    where,
    value: to,
    message: `${service.name} has no release with this id, tag, commit or digest`,
    fix: chooseOneOf(others, "that ended well"),
  };
}

async function chooseImage(
  session: Session,
  of: ServiceReleases,
  release: EarlierRelease,
  { withTaskDefinition }: RollbackRequest,
): Promise<ChosenImage> {
  const { clients, signal } = session;
  const [image, stored] = await Promise.all([
    findReleaseImage(session, of, release),
    release.record === undefined ? undefined : readRecord(clients, of.repository, release.record, signal),
  ]);
  const { sourceHash, commit, committedAt } = release;
  return {
    service: of.service,
    image,
    release,
    earlier: leftInTargets(stored?.record, withTaskDefinition),
    about: {
      command: "rollback",
      // The record may be gone: then what its successors remember of it.
      source: stored?.record.source ?? {
        ...(sourceHash === undefined ? {} : { hash: sourceHash }),
        ...(commit === undefined ? {} : { commit }),
        ...(committedAt === undefined ? {} : { committedAt }),
      },
      tags: release.tags,
      backTo: release.id,
      gates: () => [imageGate(image)],
    },
  };
}

/**
 * What a release left in its targets, by their titles. Of a sidecar nothing: the revision that it was in
 * has the image of its main service as it was then, too. Pure.
 */
export function leftInTargets(
  record: Pick<ReleaseRecord, "targets"> | undefined,
  withTaskDefinition: boolean,
): Record<string, string> {
  const own = (record?.targets ?? []).filter(({ sidecar }) => sidecar === undefined);
  const entries = own.flatMap(({ kind, title, details }) => {
    const left = kind === "lambda" ? details.version : withTaskDefinition ? details.revision : undefined;
    return left === undefined ? [] : [[title, String(left)] as const];
  });
  return Object.fromEntries(entries);
}
