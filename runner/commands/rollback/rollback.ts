import type { Service } from "../../../config/catalogue/catalogue.ts";
import { UserError } from "../../../config/problems/errors.ts";
import type { GateOverride } from "../../cli/override.ts";
import { readReleases, servicesToMove, thatRun } from "../../history/read.ts";
import {
  foretellReleases,
  type MovedDocument,
  moveReleases,
  type PlannedRelease,
  planReleases,
  problemsOfReleases,
} from "../../move/releases.ts";
import { unrecordedMove } from "../../release/history.ts";
import type { Session } from "../../session/session.ts";
import { kindOf } from "../../targets/kinds.ts";
import { chooseImage, chooseRelease } from "./choose.ts";

export interface RollbackRequest {
  /** A release's id, a tag, or the prefix of a commit or digest; default: the last successful release. */
  readonly to: string | undefined;
  /** Whether an ECS service returns to the release's task definition revision, not only to its image. */
  readonly withTaskDefinition: boolean;
  /** Whether to roll back the targets that moved if one fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /** Whether to wait until pull requests of this run are merged. Default: false. */
  readonly waitMerge?: boolean | undefined;
  /** Gates of the stack to pass whatever they say. */
  readonly override?: GateOverride | undefined;
  /**
   * Whether the user named services: Slipway then refuses those without an earlier release instead of
   * skipping them.
   */
  readonly named: boolean;
}

/** `slipway rollback`. */
export interface RollbackDocument extends MovedDocument {
  readonly kind: "rollback";
  /** Services without a release to go back to, if the user named no services. */
  readonly leftOut: readonly { readonly service: string; readonly reason: string }[];
}

export interface PreparedRollback {
  readonly planned: readonly PlannedRelease[];
  readonly leftOut: RollbackDocument["leftOut"];
}

/**
 * Finds the release that each service goes back to, its image, and what that would change. Needs
 * services.yaml and the stack file, but no source, build or engine. Only reads.
 *
 * @throws UserError with all problems that prevent the rollback; nothing has changed then
 */
export async function prepareRollback(session: Session, request: RollbackRequest): Promise<PreparedRollback> {
  const { timeline, emit } = session;
  const found = await timeline.run({ id: "releases", title: "Read the release records" }, async (step) => {
    const asked = request.to === undefined ? [] : [request.to];
    const all = thatRun(await readReleases(session, { asked, step }), session);
    const choices = all.map((of) => ({
      of,
      choice: chooseRelease(of, request.to, session.settings.stack),
    }));
    const refused = choices.flatMap(({ of, choice }) => ("code" in choice ? [{ of, problem: choice }] : []));
    if (request.named || refused.length === choices.length) {
      if (refused.length > 0) throw new UserError(refused.map(({ problem }) => problem));
    }
    const leftOut = refused.map(({ of, problem }) => ({
      service: of.service.name,
      reason: problem.message,
    }));
    for (const { service, reason } of leftOut)
      emit({ kind: "notice", message: `skipped ${service}: ${reason}` });
    const chosen = choices.flatMap(({ of, choice }) => ("code" in choice ? [] : [{ of, release: choice }]));
    if (request.to === undefined) {
      for (const { of, release } of chosen) {
        if (release !== unrecordedMove(of.releases, of.running)) continue;
        const message = `${of.service.name} already runs ${release.id}, but the rollback to it was never recorded. Slipway records it now; run the command again to go further back`;
        emit({ kind: "notice", message });
      }
    }
    step.conclude("done", chosen.map(({ of, release }) => `${of.service.name} to ${release.id}`).join(", "));
    return { chosen, leftOut };
  });
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
  const planned = await planReleases(session, images);
  const obstacles = problemsOfReleases(planned);
  if (obstacles.length > 0) throw new UserError(obstacles);
  return { planned, leftOut: found.leftOut };
}

/** A service without its targets' preparation for a new image: the image already ran well. */
export function movedAtOnce(service: Service): Service {
  const targets = service.targets.map((target) => kindOf(target).withoutPreparations(target));
  return { ...service, targets };
}

/** Runs a prepared rollback: moves, follows, verifies and records as a deployment does. */
export async function rollback(
  session: Session,
  prepared: PreparedRollback,
  { allOrNothing, override, waitMerge }: Pick<RollbackRequest, "allOrNothing" | "override" | "waitMerge">,
): Promise<RollbackDocument> {
  const options = { stale: false, allOrNothing, override, waitMerge };
  const document = await moveReleases(session, prepared.planned, options);
  return { ...document, kind: "rollback", leftOut: prepared.leftOut };
}

/** The document of what a rollback would do, and of what the stack's gates will say. */
export async function documentOfRollback(
  session: Session,
  { planned, leftOut }: PreparedRollback,
  { override }: Pick<RollbackRequest, "override">,
): Promise<RollbackDocument> {
  // It attaches no evidence: what it goes back to has its own.
  const document = await foretellReleases(session, planned, { override, signs: false });
  return { ...document, kind: "rollback", leftOut };
}
