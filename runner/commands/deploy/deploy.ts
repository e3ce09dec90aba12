import pMap from "p-map";
import { type Problem, UserError } from "../../../config/problems/errors.ts";
import { buildMissing, type ReadyService } from "../../build/missing.ts";
import { imageGate } from "../../history/gates.ts";
import { type RecordedRelease, recordLate, sourceOf } from "../../history/write.ts";
import { keepRunning } from "../../in-use/mark.ts";
import { retireKeepTags } from "../../in-use/retire.ts";
import type { DeployDocument, DeployedService } from "../../move/document.ts";
import { judgeOutcome, outcomesOfPlans } from "../../move/outcome.ts";
import { type MovingService, moveServices } from "../../move/services.ts";
import type { DeployPlan } from "../../plan/document.ts";
import { pathsRead } from "../../plan/paths-read.ts";
import { exitCodeOfProblems, isNothingToDo, problemsOfPlan } from "../../plan/plan.ts";
import { type PlanRequest, type PreparedDeployment, prepareDeployment } from "../../plan/prepare.ts";
import { imageReference } from "../../registry/image.ts";
import { putTags, tagMovability } from "../../registry/tags.ts";
import type { Session } from "../../session/session.ts";
import type { TargetOutcome } from "../../targets/target.ts";
import { isMove } from "../../targets/target.ts";

/**
 * Deploys the session's services: everything is checked before anything is built, and everything is
 * built and pushed before anything is moved.
 *
 * @throws UserError when something stands in the way, with nothing changed; or when a build fails
 */
export async function deploy(session: Session, request: DeployRequest): Promise<DeployDocument> {
  const prepared = await prepareDeployment(session, request);
  const problems = problemsOfPlan(prepared.plan);
  const refused = exitCodeOfProblems(problems);
  if (refused !== 0) throw new UserError(problems, { exitCode: refused });
  const run: Run = { ready: [], planned: [], outcomes: [], releases: [] };
  try {
    if (!isNothingToDo(prepared.plan) || isToBeProven(prepared.plan))
      await carryOut(session, prepared, request, run);
    else run.ready = await leaveAsItIs(session, prepared);
    if (!session.signal.aborted) {
      const found = movingServices(session, prepared, run.ready).map((one) => {
        // Another run may have moved it while this one waited for the lock, and been killed then.
        const again = run.planned.find(({ service }) => service.name === one.service.name);
        return again === undefined ? one : { ...one, targets: again.targets };
      });
      const late = await recordLate(session, found, run.outcomes);
      run.releases = [...run.releases, ...late];
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
  return documentOf(session, prepared, run);
}

/** Whether something runs its image already, and has to be proven once more. Pure. */
function isToBeProven({ services }: DeployPlan): boolean {
  return services.some(({ targets }) => targets.some(({ action }) => action === "prove"));
}

/** Nothing to do but for a mark that is missing: targets that were moved by other means, say. */
async function leaveAsItIs(session: Session, prepared: PreparedDeployment) {
  const ready = await buildMissing(session, prepared.inspected, "build");
  const moves = movingServices(session, prepared, ready).flatMap(({ image, targets }) =>
    targets.map((plan) => ({ plan, image })),
  );
  const plans = moves.map(({ plan }) => plan);
  await keepRunning(session, moves, outcomesOfPlans(plans, []));
  return ready;
}

/** What is asked of a deployment, beside its services. */
export interface DeployRequest extends PlanRequest {
  /** Whether what was moved is put back when a target fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
}

/** How far a deployment has come: what is reported also when it is interrupted. */
interface Run {
  ready: readonly ReadyService[];
  planned: readonly MovingService[];
  outcomes: readonly TargetOutcome[];
  releases: readonly RecordedRelease[];
}

async function carryOut(
  session: Session,
  prepared: PreparedDeployment,
  { allOrNothing }: DeployRequest,
  run: Run,
) {
  const { inspected, plan } = prepared;
  const { timeline, settings, clients, signal } = session;
  const building = plan.services.some(({ image }) => image.action === "build");
  run.ready = building
    ? await timeline.run({ id: "build", title: "Build and push" }, () =>
        buildMissing(session, inspected, "build"),
      )
    : await buildMissing(session, inspected, "build");

  const moving = movingServices(session, prepared, run.ready);
  // A build takes minutes: another run may have deployed a newer commit meanwhile.
  if (building) {
    const newer = await newerReleases(prepared, moving);
    if (newer.length > 0) throw new UserError(newer, { exitCode: 3 });
  }
  await timeline.run({ id: "tag", title: "Tag the images" }, async ({ conclude }) => {
    const movable = tagMovability(settings.repositories);
    const results = await pMap(
      run.ready,
      ({ image, tagPlan }) => putTags(clients, image, tagPlan.tags, { movable }, signal),
      {
        concurrency: 8,
        signal,
      },
    );
    const put = results.flatMap((result) => result.put);
    if (put.length === 0) conclude("skipped", "they have their tags already");
    else conclude("done", [...new Set(put)].join(", "));
  });

  const moved = await moveServices(session, moving, {
    stale: building,
    allOrNothing,
    mayMove: (services) => newerReleases(prepared, services),
  });
  run.planned = moved.planned;
  run.outcomes = moved.outcomes;
  run.releases = moved.releases;
  if (!signal.aborted) {
    const repositories = new Set(moving.map(({ image }) => image.repository));
    await retireKeepTags(session, [...repositories]);
  }
}

/** Newer commits that were deployed since the services were planned, of those that are to be moved. */
function newerReleases(
  { newest }: PreparedDeployment,
  moving: readonly MovingService[],
): Promise<readonly Problem[]> {
  return newest.checkAgain(
    moving
      .filter(({ targets }) => targets.some(isMove))
      .map(({ service, image }) => ({ service: service.name, repository: image.repository })),
  );
}

/** What is ready to be moved, and what a release record is to say of it. */
function movingServices(
  { settings }: Session,
  { inspected, revision, newest }: PreparedDeployment,
  ready: readonly ReadyService[],
): MovingService[] {
  return ready.map((one) => {
    const { service, image, source, tagPlan, built } = one;
    const { targets = [], head } = inspected.find((other) => other.service.name === service.name) ?? {};
    const about = {
      command: "deploy" as const,
      source: sourceOf(source.hash, revision, pathsRead(one, settings.stack)),
      tags: tagPlan.tags,
      gates: () => [
        ...(one.gates ?? []),
        ...newest.gates(service.name),
        // Looked at right after its build, or before it is moved.
        ...(built || targets.some(isMove) ? [imageGate(image)] : []),
      ],
    };
    return { service, image, targets, head, about };
  });
}

function documentOf(session: Session, { plan, inspected }: PreparedDeployment, run: Run): DeployDocument {
  const { settings, caller, timeline, signal } = session;
  const planned = inspected.flatMap(({ targets }) => targets);
  const targets = outcomesOfPlans(planned, run.outcomes);
  return {
    version: 1,
    kind: "deploy",
    stack: settings.stack,
    account: caller.account,
    region: settings.aws.region,
    outcome: judgeOutcome({ nothingToDo: isNothingToDo(plan), targets, interrupted: signal.aborted }),
    services: run.ready.map(deployedService),
    notBuilt: inspected
      .map(({ service }) => service.name)
      .filter((name) => !run.ready.some(({ service }) => service.name === name)),
    targets,
    releases: run.releases,
    timeline: timeline.phases,
    milliseconds: timeline.elapsed(),
  };
}

function deployedService({ service, image, built, source, tagPlan }: ReadyService): DeployedService {
  return {
    service: service.name,
    built,
    sourceHash: source.hash,
    digest: image.digest,
    reference: imageReference(image),
    manifests: image.manifests,
    tags: tagPlan.tags,
  };
}
