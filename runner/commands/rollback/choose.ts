import type { Problem } from "../../../config/problems/errors.ts";
import { imageGate } from "../../history/gates.ts";
import { findReleaseImage, suggestReleases } from "../../history/image.ts";
import type { ServiceReleases } from "../../history/read.ts";
import type { ChosenRelease } from "../../move/releases.ts";
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
import { findKind } from "../../targets/kinds.ts";

/** The release that a service goes back to, or the reason why there is none. */
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
          ? `${service.name} has no recorded releases`
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
      message: `release ${bad.id} of ${service.name} did not succeed (${bad.outcome})`,
      fix: suggestReleases(others, "that did"),
    };
  }
  return {
    code: "unknown-release",
    where,
    value: to,
    message: `${service.name} has no release with this id, tag, commit or digest`,
    fix: suggestReleases(others, "that succeeded"),
  };
}

export async function chooseImage(
  session: Session,
  of: ServiceReleases,
  release: EarlierRelease,
  { withTaskDefinition }: { readonly withTaskDefinition: boolean },
): Promise<ChosenRelease> {
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
    reuse: reusableInTargets(stored?.record, withTaskDefinition),
    about: {
      command: "rollback",
      // If the record is gone, use what later records say about it.
      source: stored?.record.source ?? {
        ...(sourceHash === undefined ? {} : { hash: sourceHash }),
        ...(commit === undefined ? {} : { commit }),
        ...(committedAt === undefined ? {} : { committedAt }),
      },
      tags: release.tags,
      backTo: release.id,
      gates: [imageGate(image)],
    },
  };
}

/**
 * What a rollback can reuse of a release, by target title. Nothing of a sidecar: its old revision has an
 * old image of the main service.
 */
export function reusableInTargets(
  record: Pick<ReleaseRecord, "targets"> | undefined,
  withTaskDefinition: boolean,
): Record<string, string> {
  const own = (record?.targets ?? []).filter(({ sidecar }) => sidecar === undefined);
  const entries = own.flatMap(({ kind, title, details }) => {
    const reusable = findKind(kind)?.reusable(details, withTaskDefinition);
    return reusable === undefined ? [] : [[title, reusable] as const];
  });
  return Object.fromEntries(entries);
}
