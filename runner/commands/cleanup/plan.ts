import { writeFile } from "node:fs/promises";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { CleanupPlan, CleanupRules } from "../../../lifecycle/cleanup/model.ts";
import { planCleanup } from "../../../lifecycle/cleanup/plan.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { type CleanupPlanDocument, type CleanupPolicy, digestOfPlan, hashOf } from "./plan-file.ts";
import { pullRequestTags } from "./pull-requests.ts";
import { type ReadRegistry, readForCleanup } from "./read.ts";

/** A plan of the registry as it is now, with what it was made from. */
export interface MadePlan {
  readonly plan: CleanupPlan;
  readonly read: ReadRegistry;
  readonly policyFingerprint: string;
  readonly inUseFingerprint: string;
}

/**
 * Reads the registry, and plans.
 *
 * @param pulledSince of a plan that was made before: a pull after this instant keeps an image
 */
export async function makePlan(
  session: Session,
  policy: CleanupPolicy,
  now: Date,
  pulledSince?: Date,
): Promise<MadePlan> {
  const read = await readForCleanup(session, { kinds: policy.kinds, removed: policy.removedRepositories });
  return {
    plan: planCleanup(read.repositories, rulesOf(session, policy, read, now, pulledSince)),
    read,
    policyFingerprint: policyFingerprint(session, policy),
    inUseFingerprint: inUseFingerprint(read),
  };
}

function rulesOf(
  { settings, catalogue }: Session,
  policy: CleanupPolicy,
  { accountUnseen, coverage, pullRequests }: ReadRegistry,
  now: Date,
  pulledSince: Date | undefined,
): CleanupRules {
  const services = new Set([...catalogue.services.map(({ name }) => name), ...(catalogue.leftOut ?? [])]);
  return {
    kinds: policy.kinds,
    keepNewest: policy.keepNewest,
    graceDays: policy.graceDays,
    now,
    isAccountUnseen: accountUnseen !== undefined,
    blindSpots: policy.despiteBlindSpots ? [] : coverage.notLookedAt,
    pulledSince,
    pullRequestOf: pullRequestTags(settings),
    stateOf: (number) => pullRequests.states.get(number) ?? "unknown",
    isRemovedService: ({ stack, service }) => stack === settings.stack && !services.has(service),
  };
}

/** A hash of the policy, and of what the project says of services and tags. */
function policyFingerprint({ settings, catalogue }: Session, policy: CleanupPolicy): string {
  const services = catalogue.services.map(({ name, repository }) => [name, repository ?? ""]);
  const { tags, cache, repositories } = settings;
  const { leftOut = [] } = catalogue;
  return hashOf({ policy, services, leftOut, tags, cache, prefix: repositories.prefix ?? "" });
}

/** A hash of the images in use, and of where they were looked for and where not. */
function inUseFingerprint({ repositories, coverage }: ReadRegistry): string {
  const digests = repositories.flatMap(({ repository, needed }) =>
    [...needed.keys()].map((digest) => `${repository}@${digest}`),
  );
  // A reason may be in other words the next time.
  const notLookedAt = coverage.notLookedAt.map((place) => place.replace(/ \(.*\)$/s, ""));
  return hashOf({
    digests: digests.toSorted(),
    lookedAt: coverage.lookedAt.toSorted(),
    notLookedAt: notLookedAt.toSorted(),
  });
}

/** `slipway cleanup plan`. Only reads. */
export async function cleanupPlan(
  session: Session,
  policy: CleanupPolicy,
  now: Date,
): Promise<CleanupPlanDocument> {
  const { plan, read, policyFingerprint, inUseFingerprint } = await makePlan(session, policy, now);
  const { coverage, accountUnseen, pullRequests, withoutService, missing } = read;
  const document = {
    ...documentHead(session, "cleanup-plan"),
    registry: session.registry,
    at: now.toISOString(),
    readUntil: new Date(Math.max(now.getTime(), Date.now())).toISOString(),
    services: session.services.map(({ name }) => name),
    policy,
    policyFingerprint,
    inUseFingerprint,
    lookedAt: [...coverage.lookedAt],
    notLookedAt: [...coverage.notLookedAt],
    blind: [
      ...(accountUnseen === undefined ? [] : [`what runs in the account: ${accountUnseen}`]),
      ...(pullRequests.unknown === undefined ? [] : [`pull requests: ${pullRequests.unknown}`]),
    ],
    removals: plan.removals.map((removal) => {
      const { repository, image, kind, reason, wave, after } = removal;
      const { digest, tags, pushedAt } = image;
      return {
        repository,
        digest,
        kind,
        reason,
        tags: [...tags],
        pushedAt: pushedAt.toISOString(),
        freedBytes: plan.freed.get(removal) ?? 0,
        wave,
        after: [...after],
      };
    }),
    repositories: [...plan.repositories],
    kept: plan.kept.map(({ repository, image, kind, reason }) => ({
      repository,
      digest: image.digest,
      kind,
      reason,
      tags: [...image.tags],
    })),
    withoutService: [...withoutService],
    missing: [...missing],
    freedBytes: [...plan.freed.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
  return { ...document, digest: digestOfPlan(document) };
}

/**
 * Writes a plan to a file.
 *
 * @throws UserError `cleanup-file`
 */
export async function writePlan(file: string, plan: CleanupPlanDocument): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw new UserError(
      {
        code: "cleanup-file",
        where: file,
        message: `can't be written: ${firstLine(error)}`,
        fix: "name a file in a directory that you may write to",
      },
      { cause: error },
    );
  }
}
