import pMap from "p-map";
import { UserError } from "../../config/problems/errors.ts";
import { type Built, buildMissing } from "../build/missing.ts";
import type { GateOverride } from "../cli/override.ts";
import type { Revision } from "../git/revision.ts";
import { imageGate } from "../history/gates.ts";
import { sourceOf } from "../history/write.ts";
import { removeKeepTags } from "../in-use/retire.ts";
import type { DeployDocument, DeployedService } from "../move/document.ts";
import { judgeOutcome, outcomesOfPlans } from "../move/outcome.ts";
import {
  type MoveResult,
  moveServices,
  nothingMoved,
  refuseNewer,
  type ServiceToMove,
} from "../move/services.ts";
import { type PlanRequest, planDeployment } from "../plan/deployment.ts";
import { exitCodeOfProblems, isChanged, type PlannedService, problemsOf } from "../plan/plan.ts";
import { imageReference } from "../registry/image.ts";
import { putTags, tagMovability } from "../registry/tags.ts";
import { unlessInterrupted } from "../session/interruption.ts";
import type { Session } from "../session/session.ts";
import { documentHead } from "../session/where.ts";
import { isMove } from "../targets/target.ts";
import type { DeployedEvidence } from "./evidence.ts";

/** The options of a deployment, besides its services. */
export interface DeployRequest extends PlanRequest {
  /** Whether to roll back the targets that moved if one fails; default: the stack's setting. */
  readonly allOrNothing?: boolean | undefined;
  /** Whether to wait until pull requests of this run are merged. Default: false. */
  readonly waitMerge?: boolean | undefined;
  /** Gates of the stack to pass whatever they say. */
  readonly override?: GateOverride | undefined;
}

/** A service with its plan, whose image is in the registry. */
type BuiltService = PlannedService & Built;

/**
 * Deploys the session's services: checks everything before the first build, and builds and pushes
 * everything before the first move.
 *
 * @throws UserError if a check fails (nothing has changed then), or if a build fails
 */
export async function deploy(session: Session, request: DeployRequest): Promise<DeployDocument> {
  const { services, revision } = await planDeployment(session, request);
  refuseProblems(services);
  const planned = await checkDockerfiles(session, services, request.override);
  const evidence = await evidenceOf(session, revision);
  const built = await unlessInterrupted(session, () => buildAll(session, planned, evidence), []);
  const moving = built.map((one) => serviceToMove(one, revision));
  const stale = built.some((one) => one.built);
  // During a build of some minutes, another run may have deployed a newer commit.
  if (stale) await unlessInterrupted(session, () => refuseNewer(session, moving), moving);
  await unlessInterrupted(session, () => tagImages(session, built), undefined);
  await unlessInterrupted(session, async () => evidence?.finish(built), undefined);
  const { allOrNothing, override, waitMerge } = request;
  const moved = await unlessInterrupted(
    session,
    () => moveServices(session, moving, { stale, allOrNothing, override, waitMerge }),
    nothingMoved,
  );
  await unlessInterrupted(session, () => removeStaleKeepTags(session, built), undefined);
  return deployDocument(session, planned, built, moved);
}

/** The services with what is said of the Dockerfiles to build. A stack without gates loads and calls nothing for it. */
async function checkDockerfiles(
  session: Session,
  planned: readonly PlannedService[],
  override: GateOverride | undefined,
): Promise<readonly PlannedService[]> {
  if (session.settings.gates === undefined) return planned;
  const { askDockerfiles } = await import("../gates/dockerfile.ts");
  return unlessInterrupted(session, () => askDockerfiles(session, planned, override), planned);
}

function refuseProblems(planned: readonly PlannedService[]): void {
  const problems = problemsOf(planned);
  const exitCode = exitCodeOfProblems(problems);
  if (exitCode !== 0) throw new UserError(problems, { exitCode });
}

/** The targets of a service to move, and the content of its release record. */
function serviceToMove(one: BuiltService, revision: Revision | undefined): ServiceToMove {
  const { service, image, source, tagPlan, built, targets, newestRecord, newestWins } = one;
  const about = {
    command: "deploy" as const,
    source: sourceOf(source.hash, revision, one.isDirty),
    tags: tagPlan.tags,
    gates: [
      ...one.gates,
      ...newestWins.gates,
      // The image was verified after its build, or will be before the move.
      ...(built || targets.some(isMove) ? [imageGate(image)] : []),
    ],
  };
  return { service, image, targets, newestRecord, newestWins, about };
}

/** The evidence that the stack wants, if any. A stack without it loads nothing for it. */
async function evidenceOf(
  session: Session,
  revision: Revision | undefined,
): Promise<DeployedEvidence | undefined> {
  if (session.settings.evidence === undefined) return undefined;
  const { evidenceOfDeployment } = await import("./evidence.ts");
  return evidenceOfDeployment(session, revision);
}

/** Builds what is missing. What is built gets its evidence while the rest is still being built. */
async function buildAll(
  session: Session,
  planned: readonly PlannedService[],
  evidence: DeployedEvidence | undefined,
): Promise<readonly BuiltService[]> {
  try {
    return await buildMissing(session, planned, evidence?.begin);
  } catch (error) {
    // Of what was built, nothing is left half-done.
    await evidence?.settled();
    throw error;
  }
}

/** Tags images that are new, or that lacked a tag at the plan. */
async function tagImages(session: Session, services: readonly BuiltService[]): Promise<void> {
  const { timeline, settings, clients, signal } = session;
  const untagged = services.filter(({ built, tagCheck }) => built || tagCheck.toPut.length > 0);
  if (untagged.length === 0) return;
  await timeline.run({ id: "tag", title: "Tag the images" }, async ({ conclude }) => {
    const movable = tagMovability(settings.repositories);
    const results = await pMap(
      untagged,
      // Where the tags of an image are that had been there is known since the plan.
      ({ image, tagPlan, tagCheck, built }) =>
        putTags(clients, image, tagPlan.tags, { movable, checked: built ? undefined : tagCheck }, signal),
      { concurrency: 8, signal },
    );
    const put = new Set(results.flatMap((result) => result.put));
    if (put.size === 0) conclude("skipped", "the images already have their tags");
    else conclude("done", [...put].join(", "));
  });
}

/**
 * Removes the keep tags of removed targets: where the deployment changed something, and where the newest release
 * had a target that services.yaml no longer has.
 */
async function removeStaleKeepTags(session: Session, services: readonly BuiltService[]): Promise<void> {
  const looked = services.filter(
    (one) => one.built || one.targets.some(({ action }) => action !== "none") || hasFormerTarget(one),
  );
  if (looked.length === 0) return;
  await removeKeepTags(session, [...new Set(looked.map(({ repository }) => repository))]);
}

function hasFormerTarget({ newestRecord, targets }: BuiltService): boolean {
  const former = newestRecord?.record.targets ?? [];
  return former.some(
    ({ title, sidecar }) => sidecar === undefined && targets.every((one) => one.title !== title),
  );
}

function deployDocument(
  session: Session,
  planned: readonly PlannedService[],
  built: readonly BuiltService[],
  { outcomes, releases }: MoveResult,
): DeployDocument {
  const { timeline, signal } = session;
  const plans = planned.flatMap(({ targets }) => targets);
  const targets = outcomesOfPlans(plans, outcomes);
  const nothingToDo = !planned.some(isChanged);
  const present = new Set(built.map(({ service }) => service.name));
  return {
    ...documentHead(session, "deploy"),
    outcome: judgeOutcome({ nothingToDo, targets, interrupted: signal.aborted }),
    services: built.map(deployedService),
    notBuilt: planned.map(({ service }) => service.name).filter((name) => !present.has(name)),
    targets,
    releases,
    timeline: timeline.phases,
    milliseconds: timeline.elapsed(),
  };
}

function deployedService({ service, image, built, source, tagPlan }: BuiltService): DeployedService {
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
